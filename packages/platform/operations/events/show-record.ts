import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { Projection } from '../../../projections/declaration.ts';
import type { DeliveredRecord } from '../../../projections/event-bus.ts';

const maxValueBytes = 16_384;
const text = z.string().nullable();

/** A record as an operator sees it. */
type ShownRecord = {
  topic: string;
  partition: number;
  offset: number;
  /** When the broker received it. */
  timestamp: string;
  key: string | null;
  type: string | null;
  /** The time of the event. */
  time: string | null;
  revision: number | null;
  isTombstone: boolean;
  /** The event, if the value is one. */
  value: unknown;
  /** The value if it is no event or long. */
  valueBase64?: string;
  isShortened: boolean;
  /** The topic has personal data, and the request had no token. */
  isWithheld: boolean;
};

type Reader = Pick<Projection<unknown, unknown>, 'topic' | 'decode' | 'parse' | 'eventStamp'>;

/** Shows a record, for which `prepare` of the projection was called. The values of topics with personal data are shown to an operator only. */
export const showRecord = (record: DeliveredRecord, reader: Reader, isOperator: boolean): ShownRecord => {
  const { topic, partition = -1, offset = -1, timestamp, key = null, value } = record;
  const isTombstone = value.length === 0;
  const event = isTombstone ? undefined : readEvent(record, reader);
  const type = textSchema.safeParse(event?.type).data ?? null;
  const place = { topic, partition, offset, timestamp: new Date(timestamp).toISOString(), key, type, isTombstone };
  if (reader.topic.isPersonal && !isOperator)
    return { ...place, time: null, revision: null, value: null, isShortened: false, isWithheld: !isTombstone };
  const isShown = event !== undefined && value.length <= maxValueBytes;
  return {
    ...place,
    time: text.safeParse(event?.time).data ?? null,
    revision: isTombstone ? null : readRevision(record, reader),
    value: isShown ? event : null,
    ...(!isShown && !isTombstone && { valueBase64: value.subarray(0, maxValueBytes).toString('base64') }),
    isShortened: value.length > maxValueBytes,
    isWithheld: false,
  };
};

/** A type of ours. Any other text could be personal data. */
const textSchema = z.string().regex(/^utility\.[a-z0-9.-]{1,100}$/);

type Shown = { readonly type?: unknown; readonly time?: unknown };

const readEvent = (record: DeliveredRecord, { decode = parseJson }: Reader): Shown | undefined => {
  try {
    return decode(record);
  } catch {
    return undefined;
  }
};

const parseJson = ({ value }: DeliveredRecord): object => {
  const event: unknown = isUtf8(value) && JSON.parse(value.toString());
  if (typeof event === 'object' && event !== null) return event;
  throw new Error('not a JSON object');
};

const readRevision = (record: DeliveredRecord, { parse, eventStamp }: Reader): number | null => {
  try {
    return eventStamp?.(parse(record)).revision ?? null;
  } catch {
    return null;
  }
};
