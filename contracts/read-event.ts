import type { z } from 'zod';
import { type Codec, isObject, jsonCodec, parseIfString } from './codec.ts';

/** Partition and offset of a record. */
export type PlaceInLog = readonly [partition: number, offset: number];

/**
 * An event in the current form, upcast from any version. `revision` orders the events of a subject; a payload without a revision has
 * 0 and is ordered by its offset.
 */
export type ReadEvent<Data> = {
  data: Data;
  revision: number;
  time: string;
  place?: PlaceInLog;
  traceparent?: string;
  /** The revision is more than five minutes ahead of the record's timestamp. Such an event is applied, and counted. */
  isAhead?: true;
};

/**
 * The record that contains the event; `timestamp` in milliseconds since 1970. `replayOf` of a replayed record is the location of the
 * original record.
 */
export type RecordToRead = {
  value: Buffer;
  timestamp: number;
  key?: string;
  partition?: number;
  offset?: number;
  replayOf?: { partition: number; offset: number };
};

/** Converts one version of an event to the current form. @throws Error with the reason */
export type Upcaster<Data> = (event: { data?: unknown }, timestamp: number) => ReadEvent<Data>;

/** How to parse the records of one kind of event. */
export type EventContract<Data> = {
  /** By event type, one for each type ever written. A new version adds an upcaster; old ones stay. */
  readonly upcasters: Readonly<Record<string, Upcaster<Data>>>;
  /** Converts payloads without an envelope. If absent, `parse` refuses such payloads. */
  readonly withoutEnvelope?: Upcaster<Data>;
  /** Reads JSON in its most common form like the full reader, but faster; undefined for any other value. Unused with another codec. */
  readonly readCommonJson?: (value: Buffer) => ReadEvent<Data> | undefined;
  /** The field of the data that contains the subject, which is also the record key. */
  readonly subject: { readonly field: string; readonly schema: z.ZodType<string> };
};

const aheadAfterMs = 5 * 60_000;

/** Creates the parser of a topic. The time of a record only sets `isAhead`; it never decides whether an event is applied. */
export const createEventReader = <Data>(
  codec: Codec,
  { upcasters, withoutEnvelope, subject, ...contract }: EventContract<Data>,
) => {
  const readCommonJson = codec === jsonCodec ? contract.readCommonJson : undefined;

  const findUpcaster = (event: { specversion?: unknown; type?: unknown }): Upcaster<Data> => {
    if (!('specversion' in event)) {
      if (!withoutEnvelope) throw new Error('not a CloudEvent');
      return withoutEnvelope;
    }
    const type = String(event.type);
    const upcast = Object.hasOwn(upcasters, type) ? upcasters[type] : undefined;
    if (!upcast) throw new Error(`unknown event type ${type.slice(0, 100)}`);
    return upcast;
  };

  const readAnyForm = (value: Buffer, timestamp: number): ReadEvent<Data> => {
    const content = codec.decode(value);
    return findUpcaster(content)(content, timestamp);
  };

  const parseSubject = (value: unknown): string | undefined => {
    const read = subject.schema.safeParse(value);
    return read.success ? read.data : undefined;
  };

  const findSubject = (value: Buffer): unknown => {
    const event = undefinedIfRefused(() => codec.decode(value) as Record<string, unknown>);
    const data = undefinedIfRefused(() => parseIfString(event?.data));
    const inData = isObject(data) ? (data as Record<string, unknown>)[subject.field] : undefined;
    return event?.[subject.field] ?? inData ?? event?.subject;
  };

  const { prepareToDecode } = codec;

  return {
    /** Loads what the codec needs to decode these records. @throws Error with the reason: the records must be read later */
    ...(prepareToDecode && {
      prepare: (records: readonly Pick<RecordToRead, 'value'>[]) => prepareToDecode(records.map(({ value }) => value)),
    }),

    /** The event as an object, to show it. @throws Error with the reason when the value is not an event */
    decode: ({ value }: Pick<RecordToRead, 'value'>): object => codec.decode(value),

    /** @throws Error with the reason when the record is a poison record, which can never be applied */
    parse: ({ value, timestamp, partition, offset, replayOf }: RecordToRead): ReadEvent<Data> => {
      const event = readCommonJson?.(value) ?? readAnyForm(value, timestamp);
      if (replayOf) event.place = [replayOf.partition, replayOf.offset];
      else if (partition !== undefined && offset !== undefined) event.place = [partition, offset];
      if (event.revision > timestamp + aheadAfterMs) event.isAhead = true;
      return event;
    },

    /**
     * Finds the subject of a record that `parse` refuses: the subject in its payload, otherwise its key; undefined if neither is a
     * valid subject.
     */
    findSubjectOfUnreadable: ({ value, key }: Pick<RecordToRead, 'value' | 'key'>): string | undefined =>
      parseSubject(findSubject(value)) ?? parseSubject(key),
  };
};

const undefinedIfRefused = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** An event whose envelope and data are valid. */
type ValidEvent<Data> = {
  subject: string;
  sequence: string;
  time: string;
  traceparent?: string | undefined;
  data: Data;
};

/** Converts a valid event of the current version. @throws Error when the subject is not the field `field` of the data */
export const fromCurrentVersion = <Data extends object>(
  { subject, sequence, time, traceparent, data }: ValidEvent<Data>,
  field: keyof Data & string,
): ReadEvent<Data> => {
  if (subject !== data[field]) throw new Error(`subject ${subject} is not data.${field} ${data[field]}`);
  return { data, revision: Number(sequence), time, ...(traceparent && { traceparent }) };
};

/** Returns the value as parsed by the schema. @throws Error that lists each invalid field and what was expected */
export const validate = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
};
