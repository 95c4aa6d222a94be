import { setTimeout as delay } from 'node:timers/promises';
import { splitIntoChunks } from '../../runtime/chunks.ts';
import { documentKey, type Generation, isSame } from '../generations/generation.ts';
import { changePointer, type Pointer, readPointer } from '../generations/pointer.ts';
import { partitionsOf, persistently, type RebuildContext, RebuildRefused, readLog } from './context.ts';
import type { Snapshot } from './fill.ts';
import { type RebuildSession, refuseUnfinished } from './rebuild-session.ts';
import { unregister } from './registry.ts';

/**
 * Removes every generation but the one that answers, keys and all; `snapshot` names the keys that the log has forgotten.
 * Answers which.
 */
export const retire = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  snapshot?: Snapshot<Event>,
): Promise<readonly Generation[]> => {
  const { projection, stores, say, readersHoldMs } = context;
  // First, so that no command can switch back to them from here on.
  const { retired = [] } = await changePointer(stores(), projection.name, (held) => {
    refuseUnfinished(held);
    return { ...held, previous: [], retired: [...(held.retired ?? []), ...held.previous] };
  });
  if (retired.length === 0) return [];
  say(`Waiting ${readersHoldMs / 1000} s, until no reader uses the old generations …`);
  await delay(readersHoldMs);
  const partitions = await partitionsOf(context);
  // Store by store, the home first: one that is away for good leaves nothing of the others behind.
  for (const store of new Set([undefined, ...retired.map((one) => one.store)])) {
    const there = retired.filter((one) => one.store === store);
    const gone = store === undefined ? retired : there;
    await unregister(context, store, gone, { partitions, permit: () => stillRetired(context, gone) });
    await deleteGenerations(context, there, { snapshot });
    await changePointer(stores(), projection.name, (held) => {
      refuseUnfinished(held);
      return { ...held, retired: (held.retired ?? []).filter((one) => !there.some((other) => isSame(one, other))) };
    });
  }
  return retired;
};

/** Once they are no longer named as retired, another has removed them, and what answers since may be where they were. */
const stillRetired = async <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  gone: readonly Generation[],
): Promise<Pointer> => {
  const held = await readPointer(stores(), projection.name);
  refuseUnfinished(held);
  if (gone.every((one) => held.retired?.some((other) => isSame(one, other)))) return held;
  throw new RebuildRefused('Another has retired them meanwhile.');
};

/** Removes what a rebuild that is given up has written. */
export const removeGivenUp = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: RebuildSession,
  { partitions, snapshot }: { partitions: readonly number[]; snapshot?: Snapshot<Event> | undefined },
): Promise<void> => {
  const { into } = ledger.rebuild();
  for (const store of new Set([undefined, into.store]))
    await unregister(context, store, [into], { partitions, permit: ledger.confirm });
  await deleteGenerations(context, [into], { snapshot, signal: ledger.lost });
};

const keysPerCall = 1_000;

/**
 * Removes all documents of generations that are no longer read or written. The log knows their keys; the snapshot, those
 * that it has forgotten.
 */
export const deleteGenerations = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  gone: readonly Generation[],
  { snapshot, signal }: { snapshot?: Snapshot<Event> | undefined; signal?: AbortSignal } = {},
): Promise<void> => {
  if (gone.length === 0) return;
  const { projection, log, stores } = context;
  const remove = async (keys: readonly string[]) => {
    for (const { number, store } of gone)
      for (const chunk of splitIntoChunks(keys, keysPerCall))
        await persistently(() => stores(store).remove(chunk.map((key) => documentKey(number, key))));
  };
  const ranges = await log.offsets(projection.topic.name);
  await readLog(context, 'deleting', ranges, ({ byKey }) => remove([...byKey.keys()]), signal);
  for await (const { events } of snapshot?.pages(undefined) ?? []) {
    signal?.throwIfAborted();
    await remove(events.map(projection.key));
  }
};
