import { ExpectedError } from '../runtime/expected-error.ts';

/** A named log of events; a key's events share a partition. */
export type Topic = { readonly name: string; readonly partitions: number; readonly maxMessageBytes: number };

/** `value` is the whole event, encoded. Publishing the same event again uses the same id. */
export type OutgoingEvent = { readonly id: string; readonly key: string; readonly value: Buffer };

/** Where a record is in its topic. */
export type Place = { readonly partition: number; readonly offset: number };

/**
 * One record as it is delivered; `timestamp` is when the log received it, in milliseconds since 1970, or when it was
 * delivered where the broker does not report the former. Some brokers report neither key nor place.
 */
export type DeliveredRecord = Partial<Place> & {
  readonly topic: string;
  readonly value: Buffer;
  readonly timestamp: number;
  readonly key?: string;
  /** The place of the record that this one repeats: a dead letter that is replayed keeps its place in the order. */
  readonly replayOf?: Place;
  /** Only from a log reader: a sidecar may have delivered the record under a place that its headers made up. */
  readonly hasReservedHeaders?: true;
};

/** A record to be written again as it was: with its key, time and partition. `replayOf` says where it was. */
export type RecordCopy = {
  readonly key: string;
  readonly value: Buffer;
  readonly timestamp: number;
  readonly partition?: number | undefined;
  readonly replayOf: string;
};

/** The header of a replayed record: the place of the original, as topic/partition/offset. */
export const replayOfHeader = 'replay-of';

/**
 * The place that a replayed record repeats; undefined where there is no such header. A place that is not before the
 * record's own in the same partition is not believed, and counts as one before all others: a replay is never newer.
 */
export const replayedPlace = (header: string | undefined, topic: string, own: Place): Place | undefined => {
  if (header === undefined) return undefined;
  const [, of, partition, offset] = /^(.*)\/(\d{1,9})\/(\d{1,15})$/.exec(header) ?? [];
  const isBefore = of === topic && Number(partition) === own.partition && Number(offset) < own.offset;
  return { partition: own.partition, offset: isBefore ? Number(offset) : -1 };
};

/** `retry`: deliver the record again, later, before or together with what is behind it. */
export type Verdict = 'done' | 'retry';

/** Answers one verdict per record, in the batch's order. A handler that throws has answered `retry` for all. */
export type BatchHandler = (batch: readonly DeliveredRecord[]) => Promise<readonly Verdict[]>;

/** `close` resolves when the last delivery has been answered. */
export type Subscription = { close(): Promise<void> };

/**
 * The contract is the weakest of all adapters: a delivery may repeat, reorder and mix keys, and a publish that failed
 * may still have written its events.
 */
export type EventBus = {
  /** Resolves when every event is durable. @throws NotDurable naming the events that may not be */
  publish(topic: string, events: readonly OutgoingEvent[]): Promise<void>;
  /** Once per topic: two subscriptions of one consumer group would share the records between them. */
  subscribe(topic: string, handler: BatchHandler): Promise<Subscription>;
  /**
   * What the consumer group has acknowledged: by partition the offset behind it, nothing where it has acknowledged
   * nothing. Never more than handlers answered `done` for. Empty where the broker cannot tell.
   */
  committedOffsets(topic: string): Promise<ReadonlyMap<number, number>>;
  /** @throws Error that says what is missing, when the bus cannot be used now */
  check(): Promise<void>;
};

export class NotDurable extends ExpectedError {
  readonly ids: ReadonlySet<string>;
  constructor(ids: Iterable<string>, reason: string) {
    super(reason);
    this.name = 'NotDurable';
    this.ids = new Set(ids);
  }
}

/** @throws Error when no such topic is declared */
export const declaredTopic = (topics: readonly Topic[], name: string): Topic => {
  const topic = topics.find((candidate) => candidate.name === name);
  if (!topic) throw new Error(`there is no topic ${name}; topics are declared in contracts/topics.ts`);
  return topic;
};

/** What a broker adds to a record: headers, offsets, the frame of a batch. */
const recordOverheadBytes = 512;

/** Parts the events that the topic takes from those that are larger than it allows. */
export const bySize = (topic: Topic, events: readonly OutgoingEvent[]) => {
  const fits = ({ key, value }: OutgoingEvent) =>
    Buffer.byteLength(key) + value.length + recordOverheadBytes <= topic.maxMessageBytes;
  return { fitting: events.filter(fits), tooLarge: events.filter((event) => !fits(event)) };
};

export const tooLargeFor = (topic: Topic, events: readonly OutgoingEvent[]) =>
  new NotDurable(
    events.map(({ id }) => id),
    `larger than the ${topic.maxMessageBytes} bytes that ${topic.name} takes`,
  );
