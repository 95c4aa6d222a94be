import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleepUnlessAborted } from '../../runtime/sleep.ts';
import type { DeliveredRecord, EventBus, Topic } from '../event-bus.ts';
import { asCheckpointDocument, checkpointKey, createCheckpointDocument } from '../generations/checkpoint-document.ts';
import { readPointer } from '../generations/pointer.ts';
import { createStores, type StoreContext } from '../generations/stores.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import type { StateStore } from '../state-store.ts';
import { type Reconciliation, reconcile } from './reconcile.ts';
import type { Observation } from './when-to-query-log.ts';

export type FollowedProjection = { readonly name: string; readonly topic: Topic };

export type DriftDetection = {
  /** The number of events that the group has committed although the store is empty; 0 if the store is not empty. */
  lostToEmptyStore(): number;
  /**
   * Whether the view was compared with the log since the start; before that it is unknown whether the store lacks
   * events.
   */
  hasCompared(): boolean;
  /**
   * The number of partitions at the broker, once the view was compared with the log: before that the store may be
   * outdated.
   * @throws Error while they cannot be compared
   */
  partitions(): Promise<number>;
  close(): Promise<void>;
};

type DriftContext = Pick<Runtime, 'log'> &
  StoreContext & {
    readonly bus: Pick<EventBus, 'committedOffsets'>;
    readonly topicLog?: LogReader | undefined;
    /** Applies records that were read from the log, like a delivery. */
    readonly apply?: ((records: readonly DeliveredRecord[]) => Promise<unknown>) | undefined;
  };

const compareEveryMs = 2_000;
/** Until the first comparison no query is answered, so it is repeated as soon as a sidecar or broker that starts may be there. */
const firstCompareEveryMs = 250;
/** A broker that has just been started cannot say what a group has committed, so failures in the beginning are expected. */
const warnAfterMs = 2_000;
/** How long a request waits for the first comparison, in ms. */
const firstComparisonTimeoutMs = 3_000;

/**
 * Detects drift: compares the view with the log at the start and every two seconds. A store that was restored from a
 * backup or swapped lacks events that the consumer group has committed; a log may be truncated or replaced. Missing
 * events are stored in the checkpoints; otherwise they would be noticed only with the next event. Offsets that turn out
 * to hold no record are no longer missing.
 */
export const startDriftDetection = (projection: FollowedProjection, context: DriftContext): DriftDetection => {
  const { log: logger, bus, topicLog, apply } = context;
  const { topic } = projection;
  const stores = createStores(context);
  const closing = new AbortController();
  const observations = new Map<string | undefined, Observation>();
  let ranges: readonly PartitionRange[] | undefined;
  let lost = 0;
  let failure: unknown;
  let failingSince: number | undefined;
  let isWarned = false;
  let isCompared = false;

  const readRanges = async () => {
    ranges = (await topicLog?.offsets(topic.name)) ?? [];
    return ranges;
  };
  const compareAll = async () => {
    // Read committed offsets before checkpoints: in the other order a view that follows the log would seem to be
    // behind.
    const committedOffsets = await bus.committedOffsets(topic.name);
    const held = await readRanges();
    const compare = (name: string | undefined) =>
      compareStore(projection, stores(name), { committedOffsets, ranges: held, topicLog, name, observations });
    const primary = await compare(undefined);
    lost = primary.isEmpty ? [...committedOffsets.values()].reduce((sum, next) => sum + next, 0) : 0;
    const others = await Promise.allSettled(primary.secondaryStores.map(compare));
    // When a secondary store is unavailable, the view can still answer from the primary store.
    isCompared = true;
    const compared = [primary, ...others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []))];
    for (const { found } of compared)
      if (found.length > 0) logger.error({ projection: projection.name, found }, 'view and log have drifted apart');
    for (const { misplaced } of compared) if (misplaced.length > 0) await apply?.(misplaced);
    const unknown = compared.find((one) => one.failure)?.failure;
    if (unknown) throw unknown;
    for (const other of others) if (other.status === 'rejected') throw other.reason;
  };
  const compareOnce = () =>
    compareAll().then(
      () => {
        failure = undefined;
        failingSince = undefined;
        isWarned = false;
      },
      (err: unknown) => {
        failure = err;
        failingSince ??= performance.now();
        // Warn once per outage.
        const isDue = !isWarned && performance.now() - failingSince >= warnAfterMs;
        isWarned ||= isDue;
        logger[isDue ? 'warn' : 'debug']({ err }, 'the view cannot be compared with the log, will retry');
      },
    );
  const first = compareOnce();
  const running = (async () => {
    for (await first; !closing.signal.aborted; await compareOnce())
      await sleepUnlessAborted(isCompared ? compareEveryMs : firstCompareEveryMs, closing.signal);
  })();

  return {
    lostToEmptyStore: () => lost,
    hasCompared: () => isCompared,
    partitions: async () => {
      if (!topicLog) return topic.partitions;
      if (!isCompared) await Promise.race([first, delay(firstComparisonTimeoutMs, undefined, { ref: false })]);
      if (isCompared && ranges) return ranges.length;
      throw new Error(failure instanceof Error ? failure.message : 'the first comparison has not finished');
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
};

type Comparison = {
  readonly committedOffsets: ReadonlyMap<number, number>;
  readonly ranges: readonly PartitionRange[];
  readonly topicLog: LogReader | undefined;
  /** The name of the store; undefined for the primary store. */
  readonly name: string | undefined;
  readonly observations: Map<string | undefined, Observation>;
};

/** Compares one store. An empty store is left as it is: its view reports `empty`. */
const compareStore = async (
  { name, topic }: FollowedProjection,
  store: StateStore,
  { committedOffsets, ranges, topicLog, name: storeName, observations }: Comparison,
): Promise<
  Omit<Reconciliation, 'observed'> & { readonly isEmpty: boolean; readonly secondaryStores: readonly string[] }
> => {
  const partitions = topicLog ? ranges.map(({ partition }) => partition) : [...Array(topic.partitions).keys()];
  const keyOf = (partition: number) => checkpointKey(name, topic.name, partition);
  const pointer = await readPointer(store, name);
  const held = await store.getMany(partitions.map(keyOf));
  const documents = [...held.values()].map(({ value }) => asCheckpointDocument(value));
  // Includes the stores that the pointer names: the active store falls behind if the checkpoints do not list it.
  const secondaryStores = [
    ...new Set([createCheckpointDocument(pointer), ...documents].flatMap((document) => document?.also ?? [])),
  ];
  const isFilling = pointer.unready === true;
  if (documents.length === 0 || isFilling)
    return { found: [], isEmpty: !isFilling && committedOffsets.size > 0, secondaryStores, misplaced: [] };

  const before = partitions.map((partition) => {
    const stored = held.get(keyOf(partition));
    const document = asCheckpointDocument(stored?.value) ?? createCheckpointDocument(pointer);
    return { partition, key: keyOf(partition), etag: stored?.etag, document };
  });
  const log = topicLog && { reader: topicLog, topic: topic.name };
  const { observed, ...reconciled } = await reconcile(store, before, {
    committedOffsets,
    ranges,
    log,
    before: observations.get(storeName),
  });
  if (observed && !reconciled.failure) observations.set(storeName, observed);
  return { ...reconciled, isEmpty: false, secondaryStores };
};
