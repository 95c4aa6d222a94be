import { chunksOf } from '../chunks.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import { groupBy } from '../group-by.ts';
import { fold } from '../projection/fold.ts';
import { sortOut } from '../projection/sort-out.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';

const keysPerWrite = 1_000;

/** Writes a piece of the log; answers how many of its records can never be applied. */
export type Filler = (records: readonly DeliveredRecord[]) => Promise<number>;

/** Folds events into one generation: many events of a key are one write. */
export const eventWriter = <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  { number, store: storeName }: Generation,
): ((events: readonly Event[]) => Promise<void>) => {
  const store = stores(storeName);
  /** Whether the last keys were all new, as they are while a fresh generation is filled: then the next ones probably are. */
  let areNew = false;

  const write = async (chunk: readonly [string, Event[]][], unread: boolean) => {
    const keys = chunk.map(([key]) => documentKey(number, key));
    const held = unread ? new Map() : await store.getMany(keys);
    const { upserts } = fold(projection, new Map(chunk), held, number);
    if (upserts.length > 0) await store.transact(upserts.sort((a, b) => (a.key < b.key ? -1 : 1)));
    areNew = held.size === 0;
  };
  const writeChunk = async (chunk: readonly [string, Event[]][]) => {
    let unread = areNew;
    await persistently(async () => {
      const isGuess = unread;
      // Whoever is wrong in taking them for new conflicts, and then reads.
      [unread, areNew] = [false, false];
      await write(chunk, isGuess);
    });
  };

  return async (events) => {
    for (const chunk of chunksOf([...groupBy(events, projection.key)], keysPerWrite)) await writeChunk(chunk);
  };
};

/** Records that can never be applied were set aside when they were delivered, and are not again. */
export const filler = <Event, Document>(context: RebuildContext<Event, Document>, generation: Generation): Filler => {
  const write = eventWriter(context, generation);
  return async (records) => {
    const { events, poison } = sortOut(context.projection, records);
    await write(events);
    return poison.length;
  };
};
