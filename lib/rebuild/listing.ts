import type { Generation } from '../generations/generation.ts';
import { changePointer, pointerKey, readPointer } from '../generations/pointer.ts';
import {
  asPositionDocument,
  documentFor,
  type PositionDocument,
  positionKey,
} from '../generations/position-document.ts';
import { type Position, through } from '../projection/position.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';

type Context = Pick<RebuildContext<unknown, unknown>, 'stores'> & {
  readonly projection: { name: string; topic: { name: string } };
};

/** By partition: everything before this offset is there. */
export type Offsets = Readonly<Record<number, number>>;

/**
 * Rewrites the position documents of a store, each against its ETag: from then on every writer knows.
 * `change` gets the document that a writer would see, also where there is none yet.
 */
const changeDocuments = async (
  { projection, stores }: Context,
  storeName: string | undefined,
  partitions: readonly number[],
  change: (held: PositionDocument, partition: number) => PositionDocument,
): Promise<void> => {
  const store = stores(storeName);
  for (const partition of partitions) {
    const key = positionKey(projection.name, projection.topic.name, partition);
    await persistently(async () => {
      const held = (await store.getMany([key])).get(key);
      const document = asPositionDocument(held?.value) ?? documentFor(await readPointer(store, projection.name));
      await store.transact([{ key, value: change(document, partition), etag: held?.etag }]);
    });
  }
};

/** Has the writers keep a generation up to date that has everything before `next`; `alone`, it takes the place of all others. */
export const list = async (
  context: Context,
  { number, store }: Generation,
  { next, partitions, alone }: { next: Offsets; partitions: readonly number[]; alone: boolean },
): Promise<void> => {
  await changeDocuments(context, store, partitions, ({ generations, also }, partition) => {
    const position = generations[number] ?? { applied: (next[partition] ?? 0) - 1, missing: [] };
    if (alone) return { generations: { [number]: position } };
    return { generations: { ...generations, [number]: position }, ...(also && { also }) };
  });
  if (store === undefined) return;
  await changeDocuments(context, undefined, partitions, ({ generations, also = [] }) => ({
    generations,
    also: [...new Set([...also, store])],
  }));
};

/** Closes the gaps of a listed generation in what is known to be there. */
export const closeGaps = async (context: Context, { number, store }: Generation, next: Offsets): Promise<void> =>
  changeDocuments(context, store, Object.keys(next).map(Number), (held, partition) => {
    const position = held.generations[number];
    if (!position) return held;
    return { ...held, generations: { ...held.generations, [number]: through(position, (next[partition] ?? 0) - 1) } };
  });

/** Has the writers leave these generations alone; `kept` are those that they go on to keep up to date. */
export const unlist = async (
  context: Context,
  gone: readonly Generation[],
  { kept, partitions }: { kept: readonly Generation[]; partitions: readonly number[] },
): Promise<void> => {
  // The home first: its writers are then told not to look into the other stores.
  for (const store of new Set([undefined, ...gone.map((generation) => generation.store)])) {
    const numbers = gone.filter((generation) => generation.store === store).map(({ number }) => String(number));
    await changeDocuments(context, store, partitions, ({ generations, also = [] }) => {
      const left = also.filter(
        (name) => !gone.some((one) => one.store === name) || kept.some((one) => one.store === name),
      );
      return {
        generations: Object.fromEntries(Object.entries(generations).filter(([number]) => !numbers.includes(number))),
        ...(left.length > 0 && { also: left }),
      };
    });
  }
};

/** The pointer of another store: whoever takes that store for the home finds the generation there, once it is filled. */
export const preparePointer = async (
  context: Context,
  { number, store: storeName }: Generation,
  partitions: readonly number[],
): Promise<void> => {
  const { projection, stores } = context;
  const store = stores(storeName);
  const keys = partitions.map((partition) => positionKey(projection.name, projection.topic.name, partition));
  const wasUsed = (await persistently(() => store.getMany([pointerKey(projection.name), ...keys]))).size > 0;
  await changePointer(store, projection.name, (held) => {
    if (held.answering.number === number) return held;
    // What was there is no longer kept up to date, but can be retired from there.
    const previous = wasUsed ? [...held.previous, held.answering].filter((one) => one.store === undefined) : [];
    return { answering: { number }, lastNumber: number, previous, unready: true };
  });
};

/** How far the writers have followed each partition for a generation; undefined where they do not. */
export const positionsOf = async (
  { projection, stores }: Context,
  { number, store }: Generation,
  partitions: readonly number[],
): Promise<Map<number, Position | undefined>> => {
  const keyOf = (partition: number) => positionKey(projection.name, projection.topic.name, partition);
  const held = await stores(store).getMany(partitions.map(keyOf));
  return new Map(
    partitions.map((partition) => [
      partition,
      asPositionDocument(held.get(keyOf(partition))?.value)?.generations[number],
    ]),
  );
};
