import { z } from 'zod';

/** The highest valid revision: a JSON number represents it and its successor exactly in every language. */
export const maxRevision = Number.MAX_SAFE_INTEGER - 1;

const sequence = `1 to 16 decimal digits, from 1 to ${maxRevision}`;
const sequenceSchema = z
  .string(sequence)
  .regex(/^[0-9]{1,16}$/, { error: sequence, abort: true })
  .refine((digits) => Number(digits) >= 1 && Number(digits) <= maxRevision, sequence)
  .meta({ description: `The revision: ${sequence}.` });

/**
 * CloudEvents 1.0 of one type. `subject` is the key of the record; `sequence` (the CloudEvents extension) is the revision of
 * that subject, a hybrid logical clock in milliseconds since 1970, as decimal digits.
 */
export const cloudEventSchema = <Type extends string, Subject extends z.ZodType, Data extends z.ZodType>(
  type: Type,
  { subject, data }: { subject: Subject; data: Data },
) =>
  z.object({
    specversion: z.literal('1.0'),
    id: z.string().min(1),
    source: z.string().min(1),
    type: z.literal(type),
    subject,
    time: z.iso.datetime({ offset: true }),
    datacontenttype: z.literal('application/json').optional(),
    sequence: sequenceSchema,
    /** W3C Trace Context. A malformed value loses the trace, but the event is still applied. */
    traceparent: z.string().optional(),
    data,
  });

export type Envelope = { id: string; revision: number; time: Date; traceparent?: string | undefined };

/** Creates an event of any type in CloudEvents 1.0; the `revision` becomes its `sequence`. */
export const createCloudEvent = <Type extends string, Data>(
  { source, type, subject, data }: { source: string; type: Type; subject: string; data: Data },
  { id, revision, time, traceparent }: Envelope,
) => ({
  specversion: '1.0' as const,
  id,
  source,
  type,
  subject,
  time: time.toISOString(),
  datacontenttype: 'application/json' as const,
  sequence: String(revision),
  ...(traceparent && { traceparent }),
  data,
});
