import type { DeliveredRecord, EventBus } from './event-bus.ts';
import { NotDurable } from './event-bus.ts';
import { StateConflict, type StateStore } from './state-store.ts';

/** Creates a random number generator (mulberry32): numbers in [0, 1), the same sequence for the same seed. */
export const createSeededRandom = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/**
 * Wraps a bus with every fault that its contract allows: partial publishes, lost commits, repeated, reordered and mixed
 * deliveries.
 */
export const withBusFaults = (bus: EventBus, random: () => number): EventBus => ({
  ...bus,
  publish: async (topic, events) => {
    const outcome = random();
    const written = outcome < 0.15 ? events.filter(() => random() < 0.5) : events;
    await bus.publish(topic, written);
    if (outcome < 0.3)
      throw new NotDurable(
        events.map(({ id }) => id),
        `injected: ${written.length} of ${events.length} written`,
      );
  },
  subscribe: (topic, handler) => {
    const delivered: DeliveredRecord[] = [];
    return bus.subscribe(topic, async (batch) => {
      const kept = batch.filter(() => random() < 0.8);
      const repeated = delivered.filter(() => random() < 0.05);
      const sent = shuffle([...kept, ...kept.filter(() => random() < 0.1), ...repeated], random);
      const verdicts = await handler(sent);
      delivered.push(...kept);
      delivered.splice(0, delivered.length - 500);
      const refused = new Set(sent.filter((_, i) => verdicts[i] !== 'done'));
      const isCommitted = (record: DeliveredRecord) => kept.includes(record) && !refused.has(record) && random() < 0.95;
      return batch.map((record) => (isCommitted(record) ? 'done' : 'retry'));
    });
  },
});

/**
 * Wraps a store with every fault that its contract allows: failed reads, and transactions that fail after some of their
 * upserts.
 */
export const withStoreFaults = (store: StateStore, random: () => number): StateStore => ({
  ...store,
  getMany: async (keys) => {
    if (random() < 0.05) throw new Error('injected: the store did not answer');
    return store.getMany(keys);
  },
  remove: async (keys) => {
    if (random() < 0.8) return store.remove(keys);
    await store.remove(keys.filter(() => random() < 0.5));
    throw new Error('injected: the store failed half-way');
  },
  transact: async (upserts) => {
    const fails = random() < 0.2;
    const conflicts: StateConflict[] = [];
    for (const upsert of shuffle(upserts, random)) {
      if (fails && random() < 0.5) continue;
      await store.transact([upsert]).catch((error) => {
        if (!(error instanceof StateConflict)) throw error;
        conflicts.push(error);
      });
    }
    if (conflicts[0]) throw conflicts[0];
    if (fails) throw new Error('injected: the store failed half-way');
  },
});

const shuffle = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
