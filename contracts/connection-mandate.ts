import { z } from 'zod';

/** Upper case only, so that no store with a case-insensitive key takes two connections for one. */
const connectionIdForm = '1 to 64 characters out of 0-9, A-Z and -';
export const connectionIdSchema = z.string(connectionIdForm).regex(/^[0-9A-Z-]{1,64}$/, connectionIdForm);

/** How far the meter on a connection may be read. */
export const mandateLevels = { none: '0', billingOnly: '1', realTime: '2' } as const;
export const connectionMandateSchema = z.enum(mandateLevels, '0 (none), 1 (billing only) or 2 (real time)');

/** A person may type 2 where the field is "2"; `numbers` are the whole numbers that then make sense. */
export const orNumber = <T extends z.ZodType>(schema: T, numbers: { minimum?: number; maximum?: number } = {}) =>
  z
    .preprocess((value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : value), schema)
    .meta({ alsoAccepts: [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...numbers }] });

/** The payload of the event: these two fields, both strings. */
const connectionMandateDataSchema = z.object({
  connectionId: connectionIdSchema,
  connectionMandate: connectionMandateSchema,
});
export type ConnectionMandateData = z.infer<typeof connectionMandateDataSchema>;

/** The highest revision there may be: a number holds it and the one after it exactly, in every language that reads JSON. */
export const maxRevision = Number.MAX_SAFE_INTEGER - 1;

const sequence = `1 to 16 decimal digits, from 1 to ${maxRevision}`;
const sequenceSchema = z
  .string(sequence)
  .regex(/^[0-9]{1,16}$/, { error: sequence, abort: true })
  .refine((digits) => Number(digits) >= 1 && Number(digits) <= maxRevision, sequence)
  .meta({ description: `The revision: ${sequence}.` });

export const mandateChangedType = 'utility.crm.connection-mandate-changed.v1';

/**
 * CloudEvents 1.0. `subject` is the connectionId; `sequence` (the CloudEvents extension) is the revision of that
 * connection, a hybrid logical clock in milliseconds since 1970, as decimal digits.
 */
export const mandateChangedSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.literal(mandateChangedType),
  subject: connectionIdSchema,
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal('application/json').optional(),
  sequence: sequenceSchema,
  /** W3C Trace Context; one that is malformed costs the trace, never the event. */
  traceparent: z.string().optional(),
  data: connectionMandateDataSchema,
});
export type MandateChangedEvent = z.infer<typeof mandateChangedSchema>;

export const mandateChangedEvent = (
  data: ConnectionMandateData,
  envelope: { id: string; revision: number; time: Date; traceparent?: string | undefined },
): MandateChangedEvent => ({
  specversion: '1.0',
  id: envelope.id,
  source: '/crm',
  type: mandateChangedType,
  subject: data.connectionId,
  time: envelope.time.toISOString(),
  datacontenttype: 'application/json',
  sequence: String(envelope.revision),
  ...(envelope.traceparent && { traceparent: envelope.traceparent }),
  data,
});
