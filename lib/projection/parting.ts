import type { EventBus, Topic } from '../event-bus.ts';
import { readPointer } from '../generations/pointer.ts';
import { asPositionDocument, documentFor, missingInAll, positionKey } from '../generations/position-document.ts';
import { type StoreContext, storesOf } from '../generations/stores.ts';
import { pauseUnlessAborted } from '../pause.ts';
import { StateConflict, type StateStore, type Upsert } from '../state-store.ts';
import type { World } from '../world.ts';

type Followed = { readonly name: string; readonly topic: Topic };

export type PartingWatch = {
  /** How many events the group had acknowledged when a store was last found that holds none of them; 0 otherwise. */
  lostToEmptyStore(): number;
  close(): Promise<void>;
};

type PartingContext = Pick<World, 'log'> & StoreContext & { readonly bus: Pick<EventBus, 'acknowledged'> };

const lookEveryMs = 2_000;

/**
 * Looks, at the start and every two seconds, whether view and log have parted: whether the store lacks what the consumer
 * group has acknowledged, because it was restored from a backup, lost its last second, or was swapped. What is lacking is
 * written down in the store as missing; else it would be noticed only when the next event comes.
 */
export const watchParting = (projection: Followed, context: PartingContext): PartingWatch => {
  const { log, bus } = context;
  const stores = storesOf(context);
  const closing = new AbortController();
  let lost = 0;
  let failed = false;

  const look = async () => {
    // First the group, then the store: the other way round a view that goes on would seem to be behind.
    const acknowledged = await bus.acknowledged(projection.topic.name);
    const home = await markMissing(projection, stores(), acknowledged);
    lost = home.isEmpty ? [...acknowledged.values()].reduce((sum, next) => sum + next, 0) : 0;
    const others = await Promise.all(home.also.map((name) => markMissing(projection, stores(name), acknowledged)));
    for (const { marked } of [home, ...others])
      if (marked.length > 0)
        log.error({ projection: projection.name, missing: marked }, 'the store lacks events that were acknowledged');
  };
  const watching = (async () => {
    while (!closing.signal.aborted) {
      await look().then(
        () => {
          failed = false;
        },
        (err: unknown) => {
          // Once an outage; what follows is the same again.
          log[failed ? 'debug' : 'warn']({ err }, 'whether the store has what was acknowledged cannot be told now');
          failed = true;
        },
      );
      await pauseUnlessAborted(lookEveryMs, closing.signal);
    }
  })();

  return {
    lostToEmptyStore: () => lost,
    close: async () => {
      closing.abort();
      await watching;
    },
  };
};

type Marked = { readonly partition: number; readonly before: number };

/** A store that holds nothing at all is left as it is: it says by itself that it was never filled. */
const markMissing = async (
  { name, topic }: Followed,
  store: StateStore,
  acknowledged: ReadonlyMap<number, number>,
): Promise<{ marked: readonly Marked[]; isEmpty: boolean; also: readonly string[] }> => {
  const keyOf = (partition: number) => positionKey(name, topic.name, partition);
  const pointer = await readPointer(store, name);
  const held = await store.getMany(Array.from({ length: topic.partitions }, (_, partition) => keyOf(partition)));
  const documents = [...held.values()].map(({ value }) => asPositionDocument(value));
  // Those of the pointer, too: a store that answers and that the writers were not told of falls behind.
  const also = [...new Set([documentFor(pointer), ...documents].flatMap((document) => document?.also ?? []))];
  const isFilling = pointer.unready === true;
  if (documents.length === 0 || isFilling) return { marked: [], isEmpty: !isFilling && acknowledged.size > 0, also };

  const marked: Marked[] = [];
  const upserts: Upsert[] = [];
  for (const [partition, next] of acknowledged) {
    const key = keyOf(partition);
    const before = asPositionDocument(held.get(key)?.value) ?? documentFor(pointer);
    const after = missingInAll(before, next);
    if (after === before) continue;
    marked.push({ partition, before: next });
    upserts.push({ key, value: after, etag: held.get(key)?.etag });
  }
  try {
    if (upserts.length > 0) await store.transact(upserts);
    return { marked, isEmpty: false, also };
  } catch (error) {
    // A writer was there first: the next look sees what it wrote.
    if (error instanceof StateConflict) return { marked: [], isEmpty: false, also };
    throw error;
  }
};
