import { ExpectedError } from '../runtime/expected-error.ts';

/**
 * A topic as it is declared in contracts/topics.ts. All events of a key go to one partition. `maxMessageBytes` limits
 * one record, with its key and headers. A topic with `compaction` keeps the last record of each key; `isPersonal`: its
 * records hold personal data, so their values are not copied anywhere.
 */
export type Topic = {
  readonly name: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  readonly compaction?: { readonly segmentMs: number; readonly maxLagMs: number };
  readonly isPersonal?: true;
};

/**
 * An event to publish; `value` is the encoded event. A retry publishes the same event with the same id. An empty value is
 * a tombstone: a record without a value, which removes the earlier records of its key from a compacted topic.
 */
export type OutgoingEvent = { readonly id: string; readonly key: string; readonly value: Buffer };

export const isTombstone = ({ value }: { readonly value: Buffer }): boolean => value.length === 0;

/** Where a record is in its topic: partition and offset. */
export type Place = { readonly partition: number; readonly offset: number };

/**
 * One delivered record; the value of a tombstone is empty. `timestamp` is the time at which the broker received it, in ms since 1970; where the broker
 * does not report that, it is the time of delivery. Some brokers report no key, partition or offset.
 */
export type DeliveredRecord = Partial<Place> & {
  readonly topic: string;
  readonly value: Buffer;
  readonly timestamp: number;
  readonly key?: string;
  /**
   * For a replayed dead letter: the place of the original record. The replay is ordered by it, not by its own offset.
   */
  readonly replayOf?: Place;
  /**
   * Set by log readers only: the record has headers that a sidecar interprets itself, so the sidecar may have delivered
   * the record with a wrong partition or offset.
   */
  readonly hasReservedHeaders?: true;
};

/**
 * A record to append again with its original key, time (ms since 1970) and partition. `replayOf` is the place of the
 * original, as topic/partition/offset.
 */
export type RecordCopy = {
  readonly key: string;
  readonly value: Buffer;
  readonly timestamp: number;
  readonly partition?: number | undefined;
  readonly replayOf: string;
};

/** The header of a replayed record. Its value is the place of the original, as topic/partition/offset. */
export const replayOfHeader = 'replay-of';

/**
 * Parses the `replay-of` header of the record at `own`; undefined without the header. Anyone who can publish can set
 * the header, so only a lower offset of the same partition is accepted. Every other value counts as offset -1, before
 * all records, because a replay must never count as newer than it is.
 */
export const parseReplayOfHeader = (header: string | undefined, topic: string, own: Place): Place | undefined => {
  if (header === undefined) return undefined;
  const [, topicOfOriginal, partition, offset] = /^(.*)\/(\d{1,9})\/(\d{1,15})$/.exec(header) ?? [];
  const isBefore = topicOfOriginal === topic && Number(partition) === own.partition && Number(offset) < own.offset;
  return { partition: own.partition, offset: isBefore ? Number(offset) : -1 };
};

/**
 * `done` lets the broker commit the record. `retry` requests another delivery, together with or before the records that
 * follow.
 */
export type Verdict = 'done' | 'retry';

/**
 * Returns one verdict per record, in the order of the batch. When the handler throws, every record of the batch counts
 * as `retry`.
 */
export type BatchHandler = (batch: readonly DeliveredRecord[]) => Promise<readonly Verdict[]>;

/** `close` stops the deliveries, and resolves once the handler has returned for the last one. */
export type Subscription = { close(): Promise<void> };

/**
 * Publishes and delivers events. The contract is the weakest of all adapters: deliveries are at least once, unordered,
 * and mix keys; a publish that failed may have written some of its events.
 */
export type EventBus = {
  /**
   * Resolves when every event is durable.
   * @throws NotDurable with the ids of the events that may not be durable; publish those again
   */
  publish(topic: string, events: readonly OutgoingEvent[]): Promise<void>;
  /**
   * Delivers the records of a topic to the handler, beginning at the committed offset of the consumer group, or at the
   * oldest record if nothing is committed. Subscribe once per topic: the broker would divide the records between two
   * subscriptions of one group.
   */
  subscribe(topic: string, handler: BatchHandler): Promise<Subscription>;
  /**
   * The committed offsets of the consumer group: per partition the offset after the last committed record. Partitions
   * without a commit are absent. The map is empty where the broker does not report offsets. Only records with the
   * verdict `done` are committed.
   */
  committedOffsets(topic: string): Promise<ReadonlyMap<number, number>>;
  /** The readiness check. @throws Error with a message that says what is missing, when the bus cannot be used now */
  check(): Promise<void>;
  /** Whether the broker removes the earlier records of a key after a tombstone. Absent: it does. */
  readonly canCompact?: () => Promise<boolean>;
};

/** Thrown by `publish`: the events with these ids may not be durable. Publish them again. */
export class NotDurable extends ExpectedError {
  readonly ids: ReadonlySet<string>;
  constructor(ids: Iterable<string>, reason: string) {
    super(reason);
    this.name = 'NotDurable';
    this.ids = new Set(ids);
  }
}

/** @throws Error when no topic with this name is declared */
export const findTopic = (topics: readonly Topic[], name: string): Topic => {
  const topic = topics.find((candidate) => candidate.name === name);
  if (!topic) throw new Error(`no topic ${name} is declared; topics are declared in contracts/topics.ts`);
  return topic;
};

/** The maximum number of bytes that a broker adds to a record: headers, offsets, batch framing. */
const recordOverheadBytes = 512;

/** Splits the events into those that fit into the topic's `maxMessageBytes` and those that are too large. */
export const splitBySize = (topic: Topic, events: readonly OutgoingEvent[]) => {
  const fits = ({ key, value }: OutgoingEvent) =>
    Buffer.byteLength(key) + value.length + recordOverheadBytes <= topic.maxMessageBytes;
  return { fitting: events.filter(fits), tooLarge: events.filter((event) => !fits(event)) };
};

/** The error for events that exceed the topic's `maxMessageBytes`. A retry fails in the same way. */
export const createTooLargeError = (topic: Topic, events: readonly OutgoingEvent[]) =>
  new NotDurable(
    events.map(({ id }) => id),
    `an event is larger than the ${topic.maxMessageBytes} bytes that ${topic.name} allows`,
  );
