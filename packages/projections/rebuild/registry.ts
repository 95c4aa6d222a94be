import { retry } from '../../runtime/retry.ts';
import { advanceThrough, type Checkpoint, type OffsetRange } from '../checkpoints/checkpoint.ts';
import { listOpenMarks, splitMarks } from '../dead-letters/dead-letter-marks.ts';
import { withDeadLetters } from '../dead-letters/open-dead-letters.ts';
import {
  asCheckpointDocument,
  type CheckpointDocument,
  checkpointKey,
  createCheckpointDocument,
  updateCheckpoints,
} from '../generations/checkpoint-document.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import {
  changePointer,
  listMaintainedGenerations,
  type Pointer,
  pointerKey,
  readPointer,
} from '../generations/pointer.ts';
import { type ProjectionRef, readCheckpointDocuments, readCheckpoints } from '../generations/read-checkpoints.ts';
import { withGeneration, withoutGenerations, withStore } from '../generations/registration.ts';
import { type RebuildContext, RebuildRefused, storeRetry } from './context.ts';

type Context = Pick<RebuildContext<unknown, unknown>, 'stores'> & { readonly projection: ProjectionRef };

/** Per partition the next offset: every record before it is applied. */
export type Offsets = Readonly<Record<number, number>>;

/**
 * Reads the pointer, and returns it while this process owns the change. Call it after a document was read and before it
 * is written: a process that takes over later changes that document too, so the write of a suspended process conflicts.
 * @throws RebuildRefused when another process has taken over
 */
export type OwnershipCheck = () => Promise<Pointer>;

type ChangeScope = { readonly partitions: readonly number[]; readonly checkOwnership: OwnershipCheck };

/**
 * Rewrites the checkpoint documents of a store, each against its ETag: from then on every writer sees the change. Where
 * a document does not exist yet, `change` gets the one that a writer would create.
 */
const changeDocuments = async (
  { projection, stores }: Context,
  storeName: string | undefined,
  { partitions, checkOwnership }: ChangeScope,
  change: (
    held: CheckpointDocument,
    partition: number,
    pointer: Pointer,
  ) => CheckpointDocument | Promise<CheckpointDocument>,
): Promise<void> => {
  const store = stores(storeName);
  for (const partition of partitions) {
    const key = checkpointKey(projection.name, projection.topic.name, partition);
    await retry(async () => {
      const held = (await store.getMany([key])).get(key);
      const document =
        asCheckpointDocument(held?.value) ?? createCheckpointDocument(await readPointer(store, projection.name));
      const pointer = await checkOwnership();
      await store.transact([{ key, value: await change(document, partition, pointer), etag: held?.etag }]);
    }, storeRetry);
  }
};

/**
 * Registers a generation that has every record before `next`, so that writers keep it up to date; `only` as for
 * `withGeneration`.
 */
export const register = async (
  context: Context,
  { number, store }: Generation,
  { next, only, ...scope }: ChangeScope & { readonly next: Offsets; readonly only: readonly number[] | undefined },
): Promise<void> => {
  const discarded = await readDiscarded(context, scope.partitions);
  await changeDocuments(context, store, scope, (held, partition) =>
    withGeneration(held, number, {
      applied: (next[partition] ?? 0) - 1,
      only,
      discarded: discarded.get(partition) ?? [],
    }),
  );
  if (store !== undefined) await changeDocuments(context, undefined, scope, (held) => withStore(held, store));
};

/**
 * Unregisters generations from a store, so that its writers leave them alone. Call it for the primary store first: its
 * writers then no longer write the secondary stores, unless those hold another generation that the pointer names.
 */
export const unregister = (
  context: Context,
  store: string | undefined,
  removed: readonly Generation[],
  scope: ChangeScope,
): Promise<void> =>
  changeDocuments(context, store, scope, (held, _, pointer) =>
    withoutGenerations(held, store, removed, listMaintainedGenerations(pointer)),
  );

/** Closes the gaps of a registered generation before the offsets `next`. */
export const closeGaps = (
  context: Context,
  { number, store }: Generation,
  { next, checkOwnership }: { next: Offsets; checkOwnership: OwnershipCheck },
): Promise<void> =>
  changeDocuments(context, store, { partitions: Object.keys(next).map(Number), checkOwnership }, (held, partition) =>
    updateCheckpoints(held, (checkpoint, generation) =>
      generation === number ? advanceThrough(checkpoint, (next[partition] ?? 0) - 1) : checkpoint,
    ),
  );

/**
 * Lists in the checkpoints of a generation which of these documents are marked by dead letters; from then on the live
 * writers maintain the list.
 */
export const registerDeadLetters = async (
  context: Context,
  { number, store }: Generation,
  keys: readonly string[],
  scope: ChangeScope,
): Promise<void> => {
  if (keys.length === 0) return;
  await changeDocuments(context, store, scope, async (document, partition) => {
    // Read after the checkpoint: a writer that changes one of the documents changes the checkpoint as well, and our
    // write conflicts.
    const held = await context.stores(store).getMany(keys.map((key) => documentKey(number, key)));
    const openMarks = (key: string) => listOpenMarks(splitMarks(held.get(documentKey(number, key))?.value));
    const marked = new Map(keys.map((key) => [key, openMarks(key)]));
    return updateCheckpoints(document, (checkpoint, generation) =>
      generation === number ? withDeadLetters(checkpoint, partition, marked) : checkpoint,
    );
  });
};

/** Reads per partition the discarded offsets, as the primary store knows them. */
export const readDiscarded = async (
  { projection, stores }: Context,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, readonly OffsetRange[]>> => {
  const documents = await retry(() => readCheckpointDocuments(stores(), projection, partitions), storeRetry);
  return new Map([...documents].map(([partition, document]) => [partition, document?.discarded ?? []]));
};

/** Reads the checkpoint of a generation in each partition; undefined where it is not registered. */
export const readGenerationCheckpoints = (
  { projection, stores }: Context,
  { number, store }: Generation,
  partitions: readonly number[],
): Promise<Map<number, Checkpoint | undefined>> => readCheckpoints(stores(store), projection, number, partitions);

/**
 * Prepares the pointer of a secondary store, so that a service with that store as its primary store finds the
 * generation once it is filled. A generation that may answer there already stays active until then.
 */
export const preparePointer = async (
  { projection, stores }: Context,
  { number, store: storeName }: Generation,
  { partitions, isInUse }: { partitions: readonly number[]; isInUse: boolean },
): Promise<void> => {
  const store = stores(storeName);
  const keys = partitions.map((partition) => checkpointKey(projection.name, projection.topic.name, partition));
  const wasUsed = (await retry(() => store.getMany([pointerKey(projection.name), ...keys]), storeRetry)).size > 0;
  await changePointer(store, projection.name, (held) => {
    if (held.lastNumber >= number) return held;
    if (isInUse) return { ...held, lastNumber: number };
    // The old generation there is no longer kept up to date, but can be retired from there.
    const previous = wasUsed ? [...held.previous, held.answering].filter((one) => one.store === undefined) : [];
    return { answering: { number }, lastNumber: number, previous, unready: true };
  });
};

/** Makes the generation the active one for a service with this store as its primary store. */
export const completePointer = async (
  { projection, stores }: Context,
  { number, store }: Generation,
): Promise<void> => {
  await changePointer(stores(store), projection.name, ({ unready: _, ...held }) => {
    if (held.lastNumber !== number)
      throw new RebuildRefused(`${store} has a newer generation by now. Run npm run rebuild again.`);
    if (held.answering.number === number) return held;
    return { ...held, answering: { number }, previous: [...held.previous, held.answering] };
  });
};
