import type { DeliveredRecord } from '../event-bus.ts';
import { fold } from '../fold.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import { groupBy } from '../group-by.ts';
import { sortOut } from '../sort-out.ts';
import { chunksOf } from './chunks.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';

const keysPerWrite = 1_000;

/**
 * Folds a piece of the log into one generation: many events of a key are one write. Answers how many records can never
 * be applied; those were set aside when they were delivered, and are not again.
 */
export const fill = async <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  { number, store: storeName }: Generation,
  records: readonly DeliveredRecord[],
): Promise<number> => {
  const store = stores(storeName);
  const { events, poison } = sortOut(projection, records);
  for (const chunk of chunksOf([...groupBy(events, projection.key)], keysPerWrite)) {
    const byKey = new Map(chunk);
    const keys = chunk.map(([key]) => documentKey(number, key));
    await persistently(async () => {
      const { upserts } = fold(projection, byKey, await store.getMany(keys), number);
      if (upserts.length > 0) await store.transact(upserts.sort((a, b) => (a.key < b.key ? -1 : 1)));
    });
  }
  return poison.length;
};
