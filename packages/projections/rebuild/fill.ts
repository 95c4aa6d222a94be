import { chunksOf } from '../../runtime/chunks.ts';
import { fold } from '../apply/fold.ts';
import { type ParsedBatch, parseBatch, type Step } from '../apply/parse-batch.ts';
import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';

const keysPerWrite = 1_000;

/** Writes a piece of the log; answers how many of its records can never be applied. */
export type Filler = (records: readonly DeliveredRecord[]) => Promise<number>;

/** Folds what concerns a key into one generation: many records of a key are one write. */
export const stepWriter = <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  { number, store: storeName }: Generation,
  isDiscarded?: (place: PlacePair) => boolean,
): ((byKey: ParsedBatch<Event>['byKey']) => Promise<void>) => {
  const store = stores(storeName);
  /** Whether the last keys were all new, as they are while a fresh generation is filled: then the next ones probably are. */
  let areNew = false;

  const write = async (chunk: readonly [string, readonly Step<Event>[]][], unread: boolean) => {
    const keys = chunk.map(([key]) => documentKey(number, key));
    const held = unread ? new Map() : await store.getMany(keys);
    const { upserts } = fold(projection, new Map(chunk), held, number, isDiscarded);
    if (upserts.length > 0) await store.transact(upserts.sort((a, b) => (a.key < b.key ? -1 : 1)));
    areNew = held.size === 0;
  };
  const writeChunk = async (chunk: readonly [string, readonly Step<Event>[]][]) => {
    let unread = areNew;
    await persistently(async () => {
      const isGuess = unread;
      // Whoever is wrong in taking them for new conflicts, and then reads.
      [unread, areNew] = [false, false];
      await write(chunk, isGuess);
    });
  };

  return async (byKey) => {
    for (const chunk of chunksOf([...byKey], keysPerWrite)) await writeChunk(chunk);
  };
};

/** Records that can never be applied were dead-lettered when they were delivered, and are not again. */
export const filler = <Event, Document>(
  context: RebuildContext<Event, Document>,
  generation: Generation,
  isDiscarded: (place: PlacePair) => boolean,
): Filler => {
  const write = stepWriter(context, generation, isDiscarded);
  return async (records) => {
    const { byKey, poison } = await parseBatch(context.projection, records);
    await write(byKey);
    return poison.length;
  };
};
