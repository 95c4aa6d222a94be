import { z } from 'zod';
import {
  type ConnectionMandateData,
  connectionIdSchema,
  connectionMandateSchema,
  mandateChangedSchema,
  mandateChangedType,
  orNumber,
} from './connection-mandate.ts';
import { isPlainlyRight } from './plainly-right.ts';

/** A change of one connection's mandate, whichever way it was written. `revision` orders the changes of a connection. */
export type MandateChanged = { data: ConnectionMandateData; revision: number; time: string; traceparent?: string };

/** What a subscriber knows of the record that carries the event; `timestamp` in milliseconds since 1970. */
export type RecordToParse = { value: { toString(): string }; timestamp: number };

const clockSkewAllowedMs = 5 * 60_000;

/** The lab's CRM passes on what a person typed. */
const plainPayloadSchema = z.object({
  connectionId: orNumber(connectionIdSchema),
  connectionMandate: orNumber(connectionMandateSchema),
});

/** Without a revision of its own an event takes the time at which the log received it: the same at every replay. */
const fromPlainPayload = (payload: unknown, timestamp: number): MandateChanged => ({
  data: valid(plainPayloadSchema, payload),
  revision: timestamp,
  time: new Date(timestamp).toISOString(),
});

const fromMandateChanged = (event: object): MandateChanged => {
  const right = isPlainlyRight(event) ? event : valid(mandateChangedSchema, event);
  const { subject, sequence, time, traceparent } = right;
  const data = { connectionId: right.data.connectionId, connectionMandate: right.data.connectionMandate };
  if (subject !== data.connectionId)
    throw new Error(`subject ${subject} is not data.connectionId ${data.connectionId}`);
  return { data, revision: Number(sequence), time, ...(traceparent && { traceparent }) };
};

/** By event type. Makes of an event, as it was ever written, the change that we know today. @throws Error saying what is wrong */
export type Upcasters = Readonly<Record<string, (event: { data?: unknown }, timestamp: number) => MandateChanged>>;

/** One for each type that was ever written to the topic; a new version gets a line here, an old one stays. */
export const upcasters: Upcasters = {
  [mandateChangedType]: fromMandateChanged,
  'com.dapr.event.sent': (event, timestamp) => fromPlainPayload(decodedTwice(event.data), timestamp),
};

/** Reads CloudEvents of the types that the upcasters know, and the payload alone. */
export const mandateParser =
  (known: Upcasters) =>
  ({ value, timestamp }: RecordToParse): MandateChanged => {
    if (!Number.isSafeInteger(timestamp)) throw new Error('the record has no time that can be believed');
    const content = decodedTwice(json(value.toString()));
    if (typeof content !== 'object' || content === null || Array.isArray(content)) throw new Error('not a JSON object');
    const upcast = 'specversion' in content ? upcasterOf(known, content) : fromPlainPayload;
    const change = upcast(content, timestamp);
    if (change.revision > timestamp + clockSkewAllowedMs)
      throw new Error(`revision ${change.revision} is more than five minutes ahead of the record's time ${timestamp}`);
    return change;
  };

/**
 * Reads an event of connection-mandates-topic: our CloudEvent, the lab's bare payload, or that payload as a JSON string
 * inside JSON (alone, or in the envelope that Dapr puts around it).
 * @throws Error whose message says what is wrong with the record; such a record can never be applied
 */
export const parseConnectionMandate = mandateParser(upcasters);

const upcasterOf = (known: Upcasters, event: { specversion: unknown; type?: unknown }) => {
  const type = String(event.type);
  const upcast = Object.hasOwn(known, type) ? known[type] : undefined;
  if (!upcast) throw new Error(`unknown event type ${type.slice(0, 100)}`);
  return upcast;
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('not JSON');
  }
};
const decodedTwice = (value: unknown) => (typeof value === 'string' ? json(value) : value);

const valid = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
};
