import { type OffsetRange, type Position, through, union } from '../checkpoints/position.ts';
import { splitMarks } from '../dead-letters/dead-letter-marks.ts';
import { documentKey, type Generation, isSame } from '../generations/generation.ts';
import { changePointer, keptBy, type Pointer, pointerKey, readPointer } from '../generations/pointer.ts';
import {
  asPositionDocument,
  changePositions,
  documentFor,
  type PositionDocument,
  positionKey,
  withDeadLetters,
} from '../generations/position-document.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';
import { RebuildRefused } from './rebuild-refused.ts';

type Context = Pick<RebuildContext<unknown, unknown>, 'stores'> & {
  readonly projection: { name: string; topic: { name: string } };
};

/** By partition: everything before this offset is there. */
export type Offsets = Readonly<Record<number, number>>;

/**
 * Reads the pointer, and answers it while it still says what we act upon. Asked after a document was read and before it is
 * written: whoever is allowed something else later changes that document too, so one of us that slept conflicts.
 * @throws RebuildRefused when the pointer says otherwise
 */
export type Permit = () => Promise<Pointer>;

/**
 * Rewrites the position documents of a store, each against its ETag: from then on every writer knows.
 * `change` gets the document that a writer would see, also where there is none yet.
 */
const changeDocuments = async (
  { projection, stores }: Context,
  storeName: string | undefined,
  { partitions, permit }: { partitions: readonly number[]; permit: Permit },
  change: (held: PositionDocument, partition: number, pointer: Pointer) => PositionDocument | Promise<PositionDocument>,
): Promise<void> => {
  const store = stores(storeName);
  for (const partition of partitions) {
    const key = positionKey(projection.name, projection.topic.name, partition);
    await persistently(async () => {
      const held = (await store.getMany([key])).get(key);
      const document = asPositionDocument(held?.value) ?? documentFor(await readPointer(store, projection.name));
      const pointer = await permit();
      await store.transact([{ key, value: await change(document, partition, pointer), etag: held?.etag }]);
    });
  }
};

/**
 * Has the writers keep a generation up to date that has everything before `next`. With `only` it takes the place of all
 * others but these; of ones with a higher number we know nothing, so they stay.
 */
export const list = async (
  context: Context,
  { number, store }: Generation,
  {
    next,
    only,
    ...where
  }: { next: Offsets; partitions: readonly number[]; only: readonly number[] | undefined; permit: Permit },
): Promise<void> => {
  const atHome = await readDiscarded(context, where.partitions);
  await changeDocuments(context, store, where, ({ generations, also, discarded: here = [] }, partition) => {
    const position = generations[number] ?? { applied: (next[partition] ?? 0) - 1, missing: [] };
    const all = union([...here, ...(atHome.get(partition) ?? [])]);
    const discarded = all.length > 0 && { discarded: all };
    if (!only) return { generations: { ...generations, [number]: position }, ...(also && { also }), ...discarded };
    const stay = Object.entries(generations).filter(([n]) => Number(n) > number || only.includes(Number(n)));
    return { generations: { ...Object.fromEntries(stay), [number]: position }, ...discarded };
  });
  if (store === undefined) return;
  await changeDocuments(context, undefined, where, ({ mark: _, also = [], ...held }) => ({
    ...held,
    also: [...new Set([...also, store])],
  }));
};

/** Closes the gaps of a listed generation in what is known to be there. */
export const closeGaps = async (
  context: Context,
  { number, store }: Generation,
  { next, permit }: { next: Offsets; permit: Permit },
): Promise<void> =>
  changeDocuments(context, store, { partitions: Object.keys(next).map(Number), permit }, (held, partition) => {
    const position = held.generations[number];
    if (!position) return held;
    return { ...held, generations: { ...held.generations, [number]: through(position, (next[partition] ?? 0) - 1) } };
  });

/** By partition the offsets of dead letters that were discarded, as the home knows them. */
export const readDiscarded = async (
  { projection, stores }: Context,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, readonly OffsetRange[]>> => {
  const keyOf = (partition: number) => positionKey(projection.name, projection.topic.name, partition);
  const held = await persistently(() => stores().getMany(partitions.map(keyOf)));
  return new Map(
    partitions.map((partition) => [partition, asPositionDocument(held.get(keyOf(partition))?.value)?.discarded ?? []]),
  );
};

/** Lists which of these documents dead letters mark in a generation, as the live writers do from now on. */
export const listDeadLetters = async (
  context: Context,
  { number, store }: Generation,
  keys: readonly string[],
  where: { partitions: readonly number[]; permit: Permit },
): Promise<void> => {
  if (keys.length === 0) return;
  await changeDocuments(context, store, where, async (document, partition) => {
    // Read after the position: a writer that changes one of them changes the position as well, so we conflict.
    const held = await context.stores(store).getMany(keys.map((key) => documentKey(number, key)));
    const marked = new Map(keys.map((key) => [key, splitMarks(held.get(documentKey(number, key))?.value).marks]));
    return changePositions(document, (position, of) =>
      of === number ? withDeadLetters(position, partition, marked) : position,
    );
  });
};

/**
 * Has the writers of a store leave these generations alone, those of the home first: they are then told not to look into
 * the other stores, unless what else the pointer names is there.
 */
export const unlist = async (
  context: Context,
  store: string | undefined,
  gone: readonly Generation[],
  where: { partitions: readonly number[]; permit: Permit },
): Promise<void> => {
  const numbers = gone.filter((generation) => generation.store === store).map(({ number }) => String(number));
  await changeDocuments(context, store, where, ({ mark: _, generations, also = [], ...held }, __, pointer) => {
    const kept = keptBy(pointer).filter((one) => !gone.some((other) => isSame(one, other)));
    const left = also.filter(
      (name) => !gone.some((one) => one.store === name) || kept.some((one) => one.store === name),
    );
    return {
      ...held,
      generations: Object.fromEntries(Object.entries(generations).filter(([number]) => !numbers.includes(number))),
      ...(left.length > 0 && { also: left }),
    };
  });
};

/**
 * The pointer of another store: whoever takes that store for the home finds the generation there, once it is filled. Where
 * one that may answer is there already, that one is found until then.
 */
export const preparePointer = async (
  context: Context,
  { number, store: storeName }: Generation,
  { partitions, isInUse }: { partitions: readonly number[]; isInUse: boolean },
): Promise<void> => {
  const { projection, stores } = context;
  const store = stores(storeName);
  const keys = partitions.map((partition) => positionKey(projection.name, projection.topic.name, partition));
  const wasUsed = (await persistently(() => store.getMany([pointerKey(projection.name), ...keys]))).size > 0;
  await changePointer(store, projection.name, (held) => {
    if (held.lastNumber >= number) return held;
    if (isInUse) return { ...held, lastNumber: number };
    // What was there is no longer kept up to date, but can be retired from there.
    const previous = wasUsed ? [...held.previous, held.answering].filter((one) => one.store === undefined) : [];
    return { answering: { number }, lastNumber: number, previous, unready: true };
  });
};

/** Has the generation answer for whoever takes its store for the home. */
export const completePointer = async (
  { projection, stores }: Context,
  { number, store }: Generation,
): Promise<void> => {
  await changePointer(stores(store), projection.name, ({ unready: _, ...held }) => {
    if (held.lastNumber !== number) throw new RebuildRefused(`${store} has gone on to another generation meanwhile.`);
    if (held.answering.number === number) return held;
    return { ...held, answering: { number }, previous: [...held.previous, held.answering] };
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
