import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveredRecord } from './event-bus.ts';
import { groupBy } from './group-by.ts';
import { advance, type Position } from './position.ts';
import type { Projection } from './projection-declaration.ts';
import { StateConflict, type StateStore, type StoredValue, type Upsert } from './state-store.ts';

const attempts = 20;

/** No document key can look like this: document keys never contain a colon. */
export const positionKey = (projection: string, topic: string, partition: number) =>
  `position:${projection}:${topic}:${partition}`;

/**
 * Folds the events into their documents and writes these, with the positions of the whole batch, in one guarded
 * transaction; reads and folds again when another writer was there first.
 */
export const writeBatch = async <Event, Document>(
  projection: Projection<Event, Document>,
  store: StateStore,
  events: readonly Event[],
  batch: readonly DeliveredRecord[],
): Promise<Record<string, number>> => {
  const byKey = groupBy(events, projection.key);
  const offsets = offsetsByPositionKey(projection, batch);
  for (let attempt = 1; ; attempt++) {
    const held = await store.getMany([...byKey.keys(), ...offsets.keys()]);
    const { upserts, counts } = fold(projection, byKey, held);
    for (const [key, seen] of offsets) {
      const before = held.get(key);
      const after = advance(before?.value as Position | undefined, seen);
      if (after !== before?.value) upserts.push({ key, value: after, etag: before?.etag });
    }
    if (upserts.length === 0) return counts;
    try {
      // One order for all writers, or two transactions of a relational store lock each other out.
      await store.transact(upserts.sort((a, b) => (a.key < b.key ? -1 : 1)));
      return counts;
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === attempts) throw error;
      await delay(Math.random() * 2 ** Math.min(attempt, 7));
    }
  }
};

const fold = <Event, Document>(
  { evolve, remark }: Projection<Event, Document>,
  byKey: Map<string, Event[]>,
  held: Map<string, StoredValue>,
) => {
  const upserts: Upsert[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  for (const [key, events] of byKey) {
    const before = held.get(key);
    let document = before?.value as Document | undefined;
    for (const event of events) {
      const what = remark?.(document, event);
      if (what) count(what);
      const evolved = evolve(document, event);
      count(evolved === document ? 'ignored' : 'applied');
      document = evolved;
    }
    if (document !== before?.value) upserts.push({ key, value: document, etag: before?.etag });
  }
  return { upserts, counts };
};

const offsetsByPositionKey = ({ name }: { name: string }, batch: readonly DeliveredRecord[]) => {
  const placed = batch.flatMap(({ topic, partition, offset }) =>
    partition === undefined || offset === undefined ? [] : [{ key: positionKey(name, topic, partition), offset }],
  );
  const byKey = groupBy(placed, ({ key }) => key);
  return new Map([...byKey].map(([key, places]) => [key, places.map(({ offset }) => offset)]));
};
