import { setTimeout as delay } from 'node:timers/promises';
import { splitIntoChunks } from '../../runtime/chunks.ts';
import { retry } from '../../runtime/retry.ts';
import { documentKey, type Generation, isSameGeneration } from '../generations/generation.ts';
import { changePointer, type Pointer, readPointer } from '../generations/pointer.ts';
import { type RebuildContext, RebuildRefused, readLog, readPartitions, storeRetry } from './context.ts';
import type { Snapshot } from './fill.ts';
import { type RebuildSession, throwIfUnfinished } from './rebuild-session.ts';
import { unregister } from './registry.ts';

/**
 * Deletes every generation but the active one, and returns the deleted ones. `snapshot` supplies the keys that the log
 * no longer holds.
 * @throws RebuildRefused when a rebuild is unfinished
 */
export const retire = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  snapshot?: Snapshot<Event>,
): Promise<readonly Generation[]> => {
  const { projection, stores, report, pointerExpiryMs } = context;
  // The pointer changes first, so that no command can switch back to these generations any more.
  const { retired = [] } = await changePointer(stores(), projection.name, (held) => {
    throwIfUnfinished(held);
    return { ...held, previous: [], retired: [...(held.retired ?? []), ...held.previous] };
  });
  if (retired.length === 0) return [];
  report(`Waiting ${pointerExpiryMs / 1000} s until no reader uses the old generations …`);
  await delay(pointerExpiryMs);
  const partitions = await readPartitions(context);
  // Store by store, the primary store first: a store that is permanently unavailable does not prevent the removal from
  // the others.
  for (const store of new Set([undefined, ...retired.map((one) => one.store)])) {
    const inStore = retired.filter((one) => one.store === store);
    const removed = store === undefined ? retired : inStore;
    await unregister(context, store, removed, {
      partitions,
      checkOwnership: () => checkStillRetired(context, removed),
    });
    await deleteGenerations(context, inStore, { snapshot });
    await changePointer(stores(), projection.name, (held) => {
      throwIfUnfinished(held);
      return {
        ...held,
        retired: (held.retired ?? []).filter((one) => !inStore.some((other) => isSameGeneration(one, other))),
      };
    });
  }
  return retired;
};

/**
 * Checks that the pointer still names the generations as retired. Otherwise another process has removed them, and the
 * active generation may be where they were.
 */
const checkStillRetired = async <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  removed: readonly Generation[],
): Promise<Pointer> => {
  const held = await readPointer(stores(), projection.name);
  throwIfUnfinished(held);
  if (removed.every((one) => held.retired?.some((other) => isSameGeneration(one, other)))) return held;
  throw new RebuildRefused('Another process has retired these generations meanwhile. Run the command again.');
};

/** Deletes what an abandoned rebuild has written. */
export const removeAbandoned = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  session: RebuildSession,
  { partitions, snapshot }: { partitions: readonly number[]; snapshot?: Snapshot<Event> | undefined },
): Promise<void> => {
  const { into } = session.rebuild();
  for (const store of new Set([undefined, into.store]))
    await unregister(context, store, [into], { partitions, checkOwnership: session.checkOwnership });
  await deleteGenerations(context, [into], { snapshot, signal: session.ownershipLost });
};

const maxKeysPerCall = 1_000;

/**
 * Deletes all documents of generations that are no longer read or written. A store that can list them finds them itself.
 * In the others their keys come from the log, and from the snapshot those that the log no longer holds.
 */
export const deleteGenerations = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  removed: readonly Generation[],
  { snapshot, signal }: { snapshot?: Snapshot<Event> | undefined; signal?: AbortSignal } = {},
): Promise<void> => {
  if (removed.length === 0) return;
  const { projection, log, stores } = context;
  for (const { number, store } of removed) {
    signal?.throwIfAborted();
    await retry(async () => stores(store).removeGeneration?.(number), storeRetry);
  }
  const others = removed.filter(({ store }) => !stores(store).removeGeneration);
  if (others.length === 0) return;
  const remove = async (keys: readonly string[]) => {
    for (const { number, store } of others)
      for (const chunk of splitIntoChunks(keys, maxKeysPerCall))
        await retry(() => stores(store).remove(chunk.map((key) => documentKey(number, key))), storeRetry);
  };
  const ranges = await log.offsets(projection.topic.name);
  await readLog(context, 'deleting', ranges, ({ byKey }) => remove([...byKey.keys()]), signal);
  for await (const { events } of snapshot?.pages(undefined) ?? []) {
    signal?.throwIfAborted();
    await remove(events.map(projection.key));
  }
};
