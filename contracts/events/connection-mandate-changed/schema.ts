import { z } from 'zod';
import { cloudEventSchema, createCloudEvent, type Envelope } from '../../cloud-event.ts';
import { expecting } from '../../text.ts';

/** Upper case only, so that a store with case-insensitive keys cannot confuse two connections. */
const connectionIdError = expecting('1 to 64 characters out of 0-9, A-Z and -');
const connectionIdPattern = /^[0-9A-Z-]{1,64}$/;
export const connectionIdSchema = z
  .string({ error: connectionIdError })
  .regex(connectionIdPattern, { error: connectionIdError })
  .meta({ examples: ['7733'] });

/** The levels of a mandate: how far the meter of a connection may be read. */
export const mandateLevels = { none: '0', billingOnly: '1', realTime: '2' } as const;
export const connectionMandateSchema = z
  .enum(mandateLevels, { error: expecting('0 (none), 1 (billing only) or 2 (real time)') })
  .meta({ examples: ['1'] });

/**
 * Extends a schema for a string of digits, so that it also accepts a whole number: 2 for "2". `numbers` are the bounds
 * of the number in the JSON Schema (default: 0 to the highest safe integer).
 */
export const acceptNumber = <T extends z.ZodType>(schema: T, numbers: { minimum?: number; maximum?: number } = {}) =>
  z
    .preprocess((value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : value), schema)
    .meta({ alsoAccepts: [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...numbers }] });

/** The payload of the event: these two fields, both strings. */
const connectionMandateDataSchema = z.object({
  connectionId: connectionIdSchema,
  connectionMandate: connectionMandateSchema,
});
export type ConnectionMandateData = z.infer<typeof connectionMandateDataSchema>;

export const mandateChangedType = 'utility.crm.connection-mandate-changed.v1';

/** `subject` is the connectionId, `sequence` the revision of that connection. */
export const mandateChangedSchema = cloudEventSchema(mandateChangedType, {
  subject: connectionIdSchema,
  data: connectionMandateDataSchema,
});
export type MandateChangedEvent = z.infer<typeof mandateChangedSchema>;

/** Creates the event that the CRM publishes; `envelope.revision` is the revision of the connection. */
export const createMandateChangedEvent = (data: ConnectionMandateData, envelope: Envelope): MandateChangedEvent =>
  createCloudEvent({ source: '/crm', type: mandateChangedType, subject: data.connectionId, data }, envelope);
