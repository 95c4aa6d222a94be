import { type DeliveredRecord, parseReplayOfHeader } from '../../projections/event-bus.ts';
import { unescapeText } from './escaped-text.ts';

/**
 * What the sidecar reports about a record: partition, offset, key and time, and of the record's own headers the one of a replay. If
 * the component lacks `excludeHeaderMetaRegex`, a record header such as `__offset` replaces the broker's value. The projection
 * therefore checks an unexpected offset against the log.
 */
export type RecordMetadata = {
  key: string | undefined;
  /** Redis Streams has no record key, but returns the metadata of the publish, which include our key. */
  partitionKey: string | undefined;
  partition: number | undefined;
  offset: number | undefined;
  /** In ms since 1970. */
  timestamp: number | undefined;
  replayOf: string | undefined;
};

/** Converts an entry of a delivery to a record; `now` is its timestamp if the sidecar reports none (ms since 1970). */
export const createDeliveredRecord = (
  topic: string,
  value: Buffer,
  now: number,
  { key, partitionKey, partition, offset, timestamp = now, replayOf }: RecordMetadata,
): DeliveredRecord => {
  const recordKey = key === undefined ? partitionKey : unescapeText(key);
  if (recordKey !== undefined && partition !== undefined && offset !== undefined && replayOf === undefined)
    return { topic, value, timestamp, key: recordKey, partition, offset };
  const place = partition === undefined || offset === undefined ? undefined : { partition, offset };
  const original =
    place && replayOf !== undefined ? parseReplayOfHeader(unescapeText(replayOf), topic, place) : undefined;
  return {
    topic,
    value,
    timestamp,
    ...(recordKey !== undefined && { key: recordKey }),
    ...place,
    ...(original && { replayOf: original }),
  };
};
