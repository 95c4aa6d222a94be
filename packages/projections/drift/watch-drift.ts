import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleepUnlessAborted } from '../../runtime/sleep.ts';
import type { DeliveredRecord, EventBus, Topic } from '../event-bus.ts';
import { asCheckpointDocument, checkpointKey, documentFor } from '../generations/checkpoint-document.ts';
import { readPointer } from '../generations/pointer.ts';
import { type StoreContext, storesOf } from '../generations/stores.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import type { StateStore } from '../state-store.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import type { Observed } from './when-to-ask.ts';

export type Followed = { readonly name: string; readonly topic: Topic };

export type DriftWatch = {
  /** How many events the group had committed when a store was last found that holds none of them; 0 otherwise. */
  lostToEmptyStore(): number;
  /** Whether view and log were compared since the start; before that no one knows whether the store lacks events. */
  hasCompared(): boolean;
  /**
   * How many partitions the broker has, once view and log were compared: before, the store may be an old one.
   * @throws Error while they cannot be
   */
  partitions(): Promise<number>;
  close(): Promise<void>;
};

type DriftContext = Pick<Runtime, 'log'> &
  StoreContext & {
    readonly bus: Pick<EventBus, 'committedOffsets'>;
    readonly topicLog?: LogReader | undefined;
    /** Applies records that were read from the log, as if they were delivered. */
    readonly apply?: ((records: readonly DeliveredRecord[]) => Promise<unknown>) | undefined;
  };

const lookEveryMs = 2_000;
/** A request that comes before the first comparison is over waits for it. */
const firstWithinMs = 3_000;

/**
 * Compares view and log at the start and every two seconds, for they can drift apart: a store restored from a backup or
 * swapped lacks what the consumer group has committed; a log can be cut off or replaced. What the view lacks is
 * written down in the store as missing; else it would be noticed only when the next event comes. What turns out to be no
 * record is not missing any more.
 */
export const watchDrift = (projection: Followed, context: DriftContext): DriftWatch => {
  const { log: logger, bus, topicLog, apply } = context;
  const { topic } = projection;
  const stores = storesOf(context);
  const closing = new AbortController();
  const observedBefore = new Map<string | undefined, Observed>();
  let ranges: readonly PartitionRange[] | undefined;
  let lost = 0;
  let failure: unknown;
  let isCompared = false;

  const readRanges = async () => {
    ranges = (await topicLog?.offsets(topic.name)) ?? [];
    return ranges;
  };
  const look = async () => {
    // First the group, then the store: the other way round a view that follows would seem to be behind.
    const committedOffsets = await bus.committedOffsets(topic.name);
    const held = await readRanges();
    const compare = (name: string | undefined) =>
      compareStore(projection, stores(name), { committedOffsets, ranges: held, topicLog, name, observedBefore });
    const home = await compare(undefined);
    lost = home.isEmpty ? [...committedOffsets.values()].reduce((sum, next) => sum + next, 0) : 0;
    const others = await Promise.allSettled(home.also.map(compare));
    // A second store that is away is no reason not to answer from the first.
    isCompared = true;
    const compared = [home, ...others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []))];
    for (const { found } of compared)
      if (found.length > 0) logger.error({ projection: projection.name, found }, 'view and log have drifted apart');
    for (const { misplaced } of compared) if (misplaced.length > 0) await apply?.(misplaced);
    const unknown = compared.find((one) => one.failure)?.failure;
    if (unknown) throw unknown;
    for (const other of others) if (other.status === 'rejected') throw other.reason;
  };
  const lookOnce = () =>
    look().then(
      () => {
        failure = undefined;
      },
      (err: unknown) => {
        // Once an outage; what follows is the same again.
        logger[failure ? 'debug' : 'warn']({ err }, 'view and log cannot be compared now');
        failure = err;
      },
    );
  const first = lookOnce();
  const watching = (async () => {
    for (await first; !closing.signal.aborted; await lookOnce()) await sleepUnlessAborted(lookEveryMs, closing.signal);
  })();

  return {
    lostToEmptyStore: () => lost,
    hasCompared: () => isCompared,
    partitions: async () => {
      if (!topicLog) return topic.partitions;
      if (!isCompared) await Promise.race([first, delay(firstWithinMs, undefined, { ref: false })]);
      if (isCompared && ranges) return ranges.length;
      throw new Error(failure instanceof Error ? failure.message : 'that takes long');
    },
    close: async () => {
      closing.abort();
      await watching;
    },
  };
};

type Comparison = {
  readonly committedOffsets: ReadonlyMap<number, number>;
  readonly ranges: readonly PartitionRange[];
  readonly topicLog: LogReader | undefined;
  /** Of the store; none of the home. */
  readonly name: string | undefined;
  readonly observedBefore: Map<string | undefined, Observed>;
};

/** A store that holds nothing at all is left as it is: its view is empty, and says so. */
const compareStore = async (
  { name, topic }: Followed,
  store: StateStore,
  { committedOffsets, ranges, topicLog, name: storeName, observedBefore }: Comparison,
): Promise<Omit<Reconciled, 'observed'> & { readonly isEmpty: boolean; readonly also: readonly string[] }> => {
  const partitions = topicLog ? ranges.map(({ partition }) => partition) : [...Array(topic.partitions).keys()];
  const keyOf = (partition: number) => checkpointKey(name, topic.name, partition);
  const pointer = await readPointer(store, name);
  const held = await store.getMany(partitions.map(keyOf));
  const documents = [...held.values()].map(({ value }) => asCheckpointDocument(value));
  // Those of the pointer, too: a store that answers and that the writers were not told of falls behind.
  const also = [...new Set([documentFor(pointer), ...documents].flatMap((document) => document?.also ?? []))];
  const isFilling = pointer.unready === true;
  if (documents.length === 0 || isFilling)
    return { found: [], isEmpty: !isFilling && committedOffsets.size > 0, also, misplaced: [] };

  const before = partitions.map((partition) => {
    const stored = held.get(keyOf(partition));
    const document = asCheckpointDocument(stored?.value) ?? documentFor(pointer);
    return { partition, key: keyOf(partition), etag: stored?.etag, document };
  });
  const log = topicLog && { reader: topicLog, topic: topic.name };
  const { observed, ...reconciled } = await reconcile(store, before, {
    committedOffsets,
    ranges,
    log,
    before: observedBefore.get(storeName),
  });
  if (observed && !reconciled.failure) observedBefore.set(storeName, observed);
  return { ...reconciled, isEmpty: false, also };
};
