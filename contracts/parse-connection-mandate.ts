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

/** Partition and offset of a record. */
export type PlaceInLog = readonly [partition: number, offset: number];

/**
 * A change of one connection's mandate, in whichever form it was written. `revision` orders the changes of a connection;
 * a payload without one has 0 and is ordered by its place in the log.
 */
export type MandateChanged = {
  data: ConnectionMandateData;
  revision: number;
  time: string;
  place?: PlaceInLog;
  traceparent?: string;
  /** The revision is more than five minutes ahead of the time at which the log received it. Counted, and applied. */
  isAhead?: true;
};

/**
 * What a subscriber knows of the record that carries the event; `timestamp` in milliseconds since 1970. A replayed record
 * says by `replayOf` where the original is.
 */
export type RecordToParse = {
  value: { toString(): string };
  timestamp: number;
  key?: string;
  partition?: number;
  offset?: number;
  replayOf?: { partition: number; offset: number };
};

const aheadAfterMs = 5 * 60_000;

/** The lab's CRM passes on what a person typed. */
const plainPayloadSchema = z.object({
  connectionId: orNumber(connectionIdSchema),
  connectionMandate: orNumber(connectionMandateSchema),
});

/** Without a revision of its own an event is ordered by its place in the log, which no clock decides. */
const fromPlainPayload = (payload: unknown, timestamp: number): MandateChanged => ({
  data: valid(plainPayloadSchema, payload),
  revision: 0,
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

/** Reads CloudEvents of the types that the upcasters know, and the payload alone. No clock decides what is applied. */
export const mandateParser =
  (known: Upcasters) =>
  ({ value, timestamp, partition, offset, replayOf }: RecordToParse): MandateChanged => {
    const content = decodedTwice(json(value.toString()));
    if (!isObject(content)) throw new Error('not a JSON object');
    const upcast = 'specversion' in content ? upcasterOf(known, content as { specversion: unknown }) : fromPlainPayload;
    const change = upcast(content, timestamp);
    if (replayOf) change.place = [replayOf.partition, replayOf.offset];
    else if (partition !== undefined && offset !== undefined) change.place = [partition, offset];
    if (change.revision > timestamp + aheadAfterMs) change.isAhead = true;
    return change;
  };

/**
 * Reads an event of connection-mandates-topic: our CloudEvent, the lab's bare payload, or that payload as a JSON string
 * inside JSON (alone, or in the envelope that Dapr puts around it).
 * @throws Error whose message says what is wrong with the record; such a record can never be applied
 */
export const parseConnectionMandate = mandateParser(upcasters);

/**
 * The connection that a record concerns which cannot be applied: the one that its payload names, otherwise its key;
 * undefined where neither is a connection.
 */
export const connectionOfUnreadable = ({ value, key }: RecordToParse): string | undefined =>
  asConnectionId(namedIn(value.toString())) ?? asConnectionId(key);

const namedIn = (text: string): unknown => {
  try {
    const content = decodedTwice(json(text));
    if (!isObject(content)) return undefined;
    const { data, subject, connectionId } = content as Record<string, unknown>;
    const payload = typeof data === 'string' ? decodedTwice(data) : data;
    return (
      connectionId ?? (isObject(payload) ? (payload as Record<string, unknown>).connectionId : undefined) ?? subject
    );
  } catch {
    return undefined;
  }
};

const asConnectionId = (value: unknown): string | undefined => {
  const read = orNumber(connectionIdSchema).safeParse(value);
  return read.success ? read.data : undefined;
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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
