import { type Checkpoint, type OffsetRange, through } from '../checkpoints/checkpoint.ts';
import { splitMarks } from '../dead-letters/dead-letter-marks.ts';
import { withDeadLetters } from '../dead-letters/open-dead-letters.ts';
import {
  asCheckpointDocument,
  type CheckpointDocument,
  checkpointKey,
  documentFor,
  updateCheckpoints,
} from '../generations/checkpoint-document.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import { changePointer, keptBy, type Pointer, pointerKey, readPointer } from '../generations/pointer.ts';
import { type Followed, readCheckpointDocuments, readCheckpoints } from '../generations/read-checkpoints.ts';
import { withGeneration, withoutGenerations, withStore } from '../generations/registration.ts';
import { persistently, type RebuildContext, RebuildRefused } from './context.ts';

type Context = Pick<RebuildContext<unknown, unknown>, 'stores'> & { readonly projection: Followed };

/** By partition: everything before this offset is there. */
export type Offsets = Readonly<Record<number, number>>;

/**
 * Reads the pointer, and answers it while it still says what we act upon. Asked after a document was read and before it is
 * written: a process that is allowed something else later changes that document too, so one of us that slept conflicts.
 * @throws RebuildRefused when the pointer says otherwise
 */
export type OwnershipCheck = () => Promise<Pointer>;

type Where = { readonly partitions: readonly number[]; readonly permit: OwnershipCheck };

/**
 * Rewrites the position documents of a store, each against its ETag: from then on every writer knows.
 * `change` gets the document that a writer would see, also where there is none yet.
 */
const changeDocuments = async (
  { projection, stores }: Context,
  storeName: string | undefined,
  { partitions, permit }: Where,
  change: (
    held: CheckpointDocument,
    partition: number,
    pointer: Pointer,
  ) => CheckpointDocument | Promise<CheckpointDocument>,
): Promise<void> => {
  const store = stores(storeName);
  for (const partition of partitions) {
    const key = checkpointKey(projection.name, projection.topic.name, partition);
    await persistently(async () => {
      const held = (await store.getMany([key])).get(key);
      const document = asCheckpointDocument(held?.value) ?? documentFor(await readPointer(store, projection.name));
      const pointer = await permit();
      await store.transact([{ key, value: await change(document, partition, pointer), etag: held?.etag }]);
    });
  }
};

/** Has the writers keep a generation up to date that has everything before `next`; `only` as for `withGeneration`. */
export const register = async (
  context: Context,
  { number, store }: Generation,
  { next, only, ...where }: Where & { readonly next: Offsets; readonly only: readonly number[] | undefined },
): Promise<void> => {
  const atHome = await readDiscarded(context, where.partitions);
  await changeDocuments(context, store, where, (held, partition) =>
    withGeneration(held, number, {
      applied: (next[partition] ?? 0) - 1,
      only,
      discarded: atHome.get(partition) ?? [],
    }),
  );
  if (store !== undefined) await changeDocuments(context, undefined, where, (held) => withStore(held, store));
};

/**
 * Has the writers of a store leave these generations alone, those of the home first: they are then told not to look into
 * the other stores, unless what else the pointer names is there.
 */
export const unregister = (
  context: Context,
  store: string | undefined,
  gone: readonly Generation[],
  where: Where,
): Promise<void> =>
  changeDocuments(context, store, where, (held, _, pointer) => withoutGenerations(held, store, gone, keptBy(pointer)));

/** Closes the gaps of a registered generation in what is known to be there. */
export const closeGaps = (
  context: Context,
  { number, store }: Generation,
  { next, permit }: { next: Offsets; permit: OwnershipCheck },
): Promise<void> =>
  changeDocuments(context, store, { partitions: Object.keys(next).map(Number), permit }, (held, partition) =>
    updateCheckpoints(held, (position, of) =>
      of === number ? through(position, (next[partition] ?? 0) - 1) : position,
    ),
  );

/** Lists which of these documents dead letters mark in a generation, as the live writers do from now on. */
export const listDeadLetters = async (
  context: Context,
  { number, store }: Generation,
  keys: readonly string[],
  where: Where,
): Promise<void> => {
  if (keys.length === 0) return;
  await changeDocuments(context, store, where, async (document, partition) => {
    // Read after the position: a writer that changes one of them changes the position as well, so we conflict.
    const held = await context.stores(store).getMany(keys.map((key) => documentKey(number, key)));
    const marked = new Map(keys.map((key) => [key, splitMarks(held.get(documentKey(number, key))?.value).marks]));
    return updateCheckpoints(document, (position, of) =>
      of === number ? withDeadLetters(position, partition, marked) : position,
    );
  });
};

/** By partition the offsets of dead letters that were discarded, as the home knows them. */
export const readDiscarded = async (
  { projection, stores }: Context,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, readonly OffsetRange[]>> => {
  const documents = await persistently(() => readCheckpointDocuments(stores(), projection, partitions));
  return new Map([...documents].map(([partition, document]) => [partition, document?.discarded ?? []]));
};

/** How far the writers have followed each partition for a generation; undefined where they do not. */
export const readCheckpointsOf = (
  { projection, stores }: Context,
  { number, store }: Generation,
  partitions: readonly number[],
): Promise<Map<number, Checkpoint | undefined>> => readCheckpoints(stores(store), projection, number, partitions);

/**
 * The pointer of another store: a service that takes that store for its home finds the generation there, once it is
 * filled. Where one that may answer is there already, that one is found until then.
 */
export const preparePointer = async (
  { projection, stores }: Context,
  { number, store: storeName }: Generation,
  { partitions, isInUse }: { partitions: readonly number[]; isInUse: boolean },
): Promise<void> => {
  const store = stores(storeName);
  const keys = partitions.map((partition) => checkpointKey(projection.name, projection.topic.name, partition));
  const wasUsed = (await persistently(() => store.getMany([pointerKey(projection.name), ...keys]))).size > 0;
  await changePointer(store, projection.name, (held) => {
    if (held.lastNumber >= number) return held;
    if (isInUse) return { ...held, lastNumber: number };
    // What was there is no longer kept up to date, but can be retired from there.
    const previous = wasUsed ? [...held.previous, held.answering].filter((one) => one.store === undefined) : [];
    return { answering: { number }, lastNumber: number, previous, unready: true };
  });
};

/** Has the generation answer for a service that takes its store for its home. */
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
