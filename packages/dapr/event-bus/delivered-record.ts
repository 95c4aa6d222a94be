import { type DeliveredRecord, parseReplayOfHeader, replayOfHeader } from '../../projections/event-bus.ts';

/**
 * Converts an entry of a delivery to a record; `now` is its timestamp if the sidecar reports none (ms since 1970).
 * `metadata` is what the sidecar reports about a record: partition, offset, key and timestamp, and the record's own headers. If
 * the component lacks `excludeHeaderMetaRegex`, a record header such as `__offset` replaces the broker's value. The projection
 * therefore checks an unexpected offset against the log.
 */
export const createDeliveredRecord = (
  topic: string,
  value: Buffer,
  metadata: Readonly<Record<string, string>> = {},
  now: number,
): DeliveredRecord => {
  // Redis Streams has no record key, but returns the publish metadata, which includes our partitionKey.
  const { partitionKey, __key: key = partitionKey, __partition, __offset, __timestamp } = metadata;
  const [partition, offset] = [wholeNumber(__partition), wholeNumber(__offset)];
  const place = partition === undefined || offset === undefined ? undefined : { partition, offset };
  const replayOf = place && parseReplayOfHeader(metadata[replayOfHeader], topic, place);
  return {
    topic,
    value,
    timestamp: wholeNumber(__timestamp) ?? now,
    ...(key !== undefined && { key }),
    ...place,
    ...(replayOf && { replayOf }),
  };
};

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
