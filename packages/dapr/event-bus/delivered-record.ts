import { type DeliveredRecord, parseReplayOfHeader, replayOfHeader } from '../../projections/event-bus.ts';

/**
 * `metadata` is what the sidecar reports of a record: its place, key and time, and the record's own headers. Where the
 * component lacks `excludeHeaderMetaRegex`, a header such as `__offset` replaces the broker's value; the projection
 * checks an unexpected place against the log.
 */
export const deliveredRecord = (
  topic: string,
  value: Buffer,
  metadata: Readonly<Record<string, string>> = {},
  now: number,
): DeliveredRecord => {
  // Redis Streams knows no key, but passes on what was given when the event was published.
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
