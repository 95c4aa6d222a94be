import type { DeliveredRecord } from '../event-bus.ts';

const clockSkewAllowedMs = 5 * 60_000;

/** `metadata` is what the sidecar says of a record: its place, key and time, over which the record's own headers go. */
export const deliveredRecord = (
  topic: string,
  value: Buffer,
  metadata: Readonly<Record<string, string>> = {},
  now: number,
): DeliveredRecord => {
  // Redis Streams knows no key, but passes on what was given when the event was published.
  const { partitionKey, __key: key = partitionKey, __partition, __offset, __timestamp } = metadata;
  const [partition, offset] = [wholeNumber(__partition), wholeNumber(__offset)];
  return {
    topic,
    value,
    timestamp: __timestamp === undefined ? now : believable(wholeNumber(__timestamp), now),
    ...(key !== undefined && { key }),
    ...(partition !== undefined && offset !== undefined && { partition, offset }),
  };
};

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** A record's own headers can overwrite what the sidecar says of it; no time of the future is taken from them. */
const believable = (timestamp: number | undefined, now: number): number =>
  timestamp !== undefined && timestamp <= now + clockSkewAllowedMs ? timestamp : Number.NaN;
