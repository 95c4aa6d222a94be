import type { z } from 'zod';
import { type Codec, isObject, parseIfString } from './codec.ts';

/** Partition and offset of a record. */
export type PlaceInLog = readonly [partition: number, offset: number];

/**
 * An event in today's form, whichever version wrote it. `revision` orders the events of a subject; a payload without one
 * has 0 and is ordered by its place in the log.
 */
export type ReadEvent<Data> = {
  data: Data;
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
export type RecordToRead = {
  value: Buffer;
  timestamp: number;
  key?: string;
  partition?: number;
  offset?: number;
  replayOf?: { partition: number; offset: number };
};

/** Makes of an event, as it was ever written, the one that we know today. @throws Error saying what is wrong */
export type Upcaster<Data> = (event: { data?: unknown }, timestamp: number) => ReadEvent<Data>;

/** How the records of one kind of event are read. */
export type EventContract<Data> = {
  /** By event type, one for each that was ever written; a new version gets a line, an old one stays. */
  readonly upcasters: Readonly<Record<string, Upcaster<Data>>>;
  /** Of an event without an envelope; where there is none, such a record cannot be read. */
  readonly withoutEnvelope?: Upcaster<Data>;
  /** The field of the data that names the subject, which is also the key of the record. */
  readonly subject: { readonly field: string; readonly schema: z.ZodType<string> };
};

const aheadAfterMs = 5 * 60_000;

/** Reads the events of a topic. No clock decides what is applied. */
export const createEventReader = <Data>(codec: Codec, { upcasters, withoutEnvelope, subject }: EventContract<Data>) => {
  const findUpcaster = (event: { specversion?: unknown; type?: unknown }): Upcaster<Data> => {
    if (!('specversion' in event)) {
      if (!withoutEnvelope) throw new Error('no CloudEvent');
      return withoutEnvelope;
    }
    const type = String(event.type);
    const upcast = Object.hasOwn(upcasters, type) ? upcasters[type] : undefined;
    if (!upcast) throw new Error(`unknown event type ${type.slice(0, 100)}`);
    return upcast;
  };

  const parseSubject = (value: unknown): string | undefined => {
    const read = subject.schema.safeParse(value);
    return read.success ? read.data : undefined;
  };

  const findSubject = (value: Buffer): unknown => {
    try {
      const event = codec.decode(value) as Record<string, unknown>;
      const data = parseIfString(event.data);
      const named = isObject(data) ? (data as Record<string, unknown>)[subject.field] : undefined;
      return event[subject.field] ?? named ?? event.subject;
    } catch {
      return undefined;
    }
  };

  return {
    /** @throws Error whose message says what is wrong with the record; such a record can never be applied */
    parse: ({ value, timestamp, partition, offset, replayOf }: RecordToRead): ReadEvent<Data> => {
      const content = codec.decode(value);
      const event = findUpcaster(content)(content, timestamp);
      if (replayOf) event.place = [replayOf.partition, replayOf.offset];
      else if (partition !== undefined && offset !== undefined) event.place = [partition, offset];
      if (event.revision > timestamp + aheadAfterMs) event.isAhead = true;
      return event;
    },

    /**
     * Of a record that `parse` refuses: the subject that its payload names, otherwise its key; undefined where neither is
     * a subject.
     */
    findSubjectOfUnreadable: ({ value, key }: Pick<RecordToRead, 'value' | 'key'>): string | undefined =>
      parseSubject(findSubject(value)) ?? parseSubject(key),
  };
};

/** @throws Error that names each field which is wrong */
export const validate = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
};
