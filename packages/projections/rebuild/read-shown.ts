import { chunksOf } from '../../runtime/chunks.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import type { RebuildContext } from './context.ts';
import { persistently } from './persistently.ts';

const keysPerRead = 1_000;

/** What a generation shows of each key; an absent one has no etag. */
export const readShown = async <Event, Document>(
  { stores, shown }: RebuildContext<Event, Document>,
  { number, store }: Generation,
  keys: readonly string[],
): Promise<Map<string, { shown: string; etag: string | undefined }>> => {
  const result = new Map<string, { shown: string; etag: string | undefined }>();
  for (const chunk of chunksOf(keys, keysPerRead)) {
    const held = await persistently(() => stores(store).getMany(chunk.map((key) => documentKey(number, key))));
    for (const key of chunk) {
      const stored = held.get(documentKey(number, key));
      result.set(key, { shown: shown(stored?.value as Document | undefined), etag: stored?.etag });
    }
  }
  return result;
};
