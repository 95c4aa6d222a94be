import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveredRecord } from '../event-bus.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import {
  advanceAll,
  asPositionDocument,
  documentFor,
  numbersOf,
  type PositionDocument,
  positionKey,
} from '../generations/position-document.ts';
import type { Stores } from '../generations/stores.ts';
import { groupBy } from '../group-by.ts';
import { StateConflict, type StoredValue, type Upsert } from '../state-store.ts';
import type { Projection } from './declaration.ts';
import { fold } from './fold.ts';
import { rememberWrites, type WriteMemory } from './write-memory.ts';

const attempts = 20;

export type ProjectionWriter<Event> = (
  events: readonly Event[],
  batch: readonly DeliveredRecord[],
) => Promise<Record<string, number>>;

/** What is to be written to one store. */
type Plan = { store: string | undefined; upserts: Upsert[]; counts: Record<string, number>; also: readonly string[] };

/**
 * Folds events into their documents and writes these, with the positions of the whole batch, into every generation that
 * the position documents list: one guarded transaction per store, the home last. Reads and folds again when another
 * writer was there first.
 */
export const projectionWriter = <Event, Document>(
  projection: Projection<Event, Document>,
  stores: Stores,
  newId: () => string,
): ProjectionWriter<Event> => {
  /** By store what was listed last: those documents are read together with the list, which most probably is the same. */
  const listedLast = new Map<string | undefined, readonly number[]>();
  const memories = new Map<string | undefined, WriteMemory>();
  const memoryOf = (store: string | undefined): WriteMemory => {
    const memory = memories.get(store) ?? rememberWrites(stores(store));
    memories.set(store, memory);
    return memory;
  };

  const plan = async (store: string | undefined, byKey: Map<string, Event[]>, offsets: Offsets): Promise<Plan> => {
    let numbers = listedLast.get(store) ?? [1];
    for (;;) {
      const keys = numbers.flatMap((number) => [...byKey.keys()].map((key) => documentKey(number, key)));
      const held = await memoryOf(store).read(keys, [...offsets.byKey.keys()]);
      const documents = await listing(store, held, offsets);
      const listed = [...new Set([...documents.values()].flatMap(numbersOf))];
      const alreadyRead = listed.every((number) => numbers.includes(number));
      listedLast.set(store, listed);
      numbers = listed;
      if (!alreadyRead) continue;
      const folded = listed.map((number) => fold(projection, byKey, held, number));
      const positions = positionUpserts(documents, held, offsets, stores(store).etagAfter && { mark: newId() });
      // Positions last: no store may ever know that it followed what it has not. Otherwise one order for all writers, or two
      // transactions of a relational store lock each other out.
      const upserts = [...inOrder(folded.flatMap((one) => one.upserts)), ...inOrder(positions)];
      const also = [...documents.values()].flatMap((document) => document.also ?? []);
      return { store, upserts, counts: folded[0]?.counts ?? {}, also };
    }
  };

  /** The position documents, by key. Where there is none yet, the pointer says which generations there are. */
  const listing = async (store: string | undefined, held: Map<string, StoredValue>, offsets: Offsets) => {
    const keys = [...offsets.byKey.keys(), ...(offsets.withoutPlace ? [noPlace] : [])];
    const documents = new Map(keys.map((key) => [key, asPositionDocument(held.get(key)?.value)]));
    if ([...documents.values()].every((document) => document !== undefined)) return documents as Documents;
    const absent = documentFor(await readPointer(stores(store), projection.name));
    return new Map([...documents].map(([key, document]) => [key, document ?? absent]));
  };

  const planAll = async (byKey: Map<string, Event[]>, offsets: Offsets): Promise<Plan[]> => {
    const plans = [await plan(undefined, byKey, offsets)];
    for (const { also } of plans)
      for (const store of also)
        if (!plans.some((other) => other.store === store)) plans.push(await plan(store, byKey, offsets));
    return plans;
  };

  return async (events, batch) => {
    const byKey = groupBy(events, projection.key);
    const offsets = offsetsOf(projection, batch);
    for (let attempt = 1; ; attempt++) {
      const plans = await planAll(byKey, offsets);
      try {
        for (const { store, upserts } of plans.toReversed())
          if (upserts.length > 0) await memoryOf(store).transact(upserts, [...offsets.byKey.keys()]);
        return plans.find(({ counts }) => Object.keys(counts).length > 0)?.counts ?? {};
      } catch (error) {
        if (!(error instanceof StateConflict) || attempt === attempts) throw error;
        await delay(Math.random() * 2 ** Math.min(attempt, 7));
      }
    }
  };
};

const inOrder = (upserts: readonly Upsert[]): Upsert[] => [...upserts].sort((a, b) => (a.key < b.key ? -1 : 1));

type Documents = Map<string, PositionDocument>;

/** By the key of a partition's position document; some brokers know no place. */
type Offsets = { readonly byKey: ReadonlyMap<string, readonly number[]>; readonly withoutPlace: boolean };

const noPlace = '';

const offsetsOf = ({ name }: { name: string }, batch: readonly DeliveredRecord[]): Offsets => {
  const byPlace = new Map<string, Map<number, number[]>>();
  let withoutPlace = false;
  for (const { topic, partition, offset } of batch) {
    if (partition === undefined || offset === undefined) {
      withoutPlace = true;
      continue;
    }
    const byPartition = byPlace.get(topic) ?? new Map<number, number[]>();
    byPlace.set(topic, byPartition);
    const offsets = byPartition.get(partition);
    if (offsets) offsets.push(offset);
    else byPartition.set(partition, [offset]);
  }
  const keyed = [...byPlace].flatMap(([topic, byPartition]) =>
    [...byPartition].map(([partition, offsets]) => [positionKey(name, topic, partition), offsets] as const),
  );
  return { byKey: new Map(keyed), withoutPlace };
};

const positionUpserts = (
  documents: Documents,
  held: Map<string, StoredValue>,
  { byKey }: Offsets,
  mark: { mark: string } | undefined,
): Upsert[] =>
  [...byKey].flatMap(([key, offsets]) => {
    const before = documents.get(key) as PositionDocument;
    const after = advanceAll(before, offsets);
    return after === before ? [] : [{ key, value: { ...after, ...mark }, etag: held.get(key)?.etag }];
  });
