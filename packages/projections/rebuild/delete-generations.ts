import { chunksOf } from '../../runtime/chunks.ts';
import { parseBatch } from '../apply/parse-batch.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import type { LogBatch } from '../log-reader.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';
import type { Snapshot } from './snapshot.ts';

const keysPerCall = 1_000;

/**
 * Removes all documents of generations that are no longer read or written. The log knows their keys; the snapshot, those
 * that it has forgotten.
 */
export const deleteGenerations = async <Event, Document>(
  { projection, log, stores, progress }: RebuildContext<Event, Document>,
  gone: readonly Generation[],
  { snapshot, signal }: { snapshot?: Snapshot<Event> | undefined; signal?: AbortSignal } = {},
): Promise<void> => {
  if (gone.length === 0) return;
  const ranges = await log.offsets(projection.topic.name);
  progress.begin('deleting', ranges);
  const remove = async (keys: readonly string[]) => {
    for (const { number, store } of gone)
      for (const chunk of chunksOf(keys, keysPerCall))
        await persistently(() => stores(store).remove(chunk.map((key) => documentKey(number, key))));
  };
  const removeAll = async ({ partition, records, next }: LogBatch) => {
    await remove([...(await parseBatch(projection, records)).byKey.keys()]);
    progress.advance(partition, next, records.length);
  };
  await log.read(projection.topic.name, ranges, removeAll, signal);
  progress.end();
  for await (const { events } of snapshot?.pages(undefined) ?? []) {
    signal?.throwIfAborted();
    await remove(events.map(projection.key));
  }
};
