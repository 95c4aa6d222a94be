import type { Generation } from '../generations/generation.ts';
import type { LogBatch } from '../log-reader.ts';
import { sortOut } from '../projection/sort-out.ts';
import type { RebuildContext } from './context.ts';
import { type KeySet, keySet } from './key-set.ts';
import { readShown } from './read-shown.ts';

/** Whoever owns the truth that the view shows, in pages; what it does not name shows nothing. */
export type Source = { readonly name: string; pages(): AsyncIterable<readonly Owned[]> };
export type Owned = { readonly key: string; readonly shown: string };

/** What a rebuilt generation is compared with. */
export type Measures = { readonly source: Source | undefined; readonly live: Generation | undefined };

const mostSuspects = 10_000;

/** Every key of the source, and every key of the log, that shows something else somewhere, at a first look. */
export const findSuspects = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  { source, live, signal }: Measures & { readonly signal: AbortSignal },
): Promise<{ suspects: Set<string>; isCut: boolean }> => {
  const { projection, log, progress, shown, say } = context;
  const nothing = shown(undefined);
  const suspects = new Set<string>();
  let isCut = false;
  const suspect = (key: string) => {
    if (suspects.size < mostSuspects) suspects.add(key);
    else isCut = true;
  };

  const compareWith = async (owner: Source): Promise<KeySet> => {
    const owned = keySet();
    for await (const page of owner.pages()) {
      signal.throwIfAborted();
      const keys = page.map(({ key }) => key);
      const held = await readShown(context, rebuilt, keys);
      for (const { key, shown: wanted } of page) {
        if (wanted !== nothing) owned.add(key);
        if (held.get(key)?.shown !== wanted) suspect(key);
      }
    }
    return owned;
  };

  if (source) say(`Comparing with ${source.name} …`);
  const owned = source && (await compareWith(source));
  const comparePiece = async ({ partition, records, next }: LogBatch) => {
    const keys = [...new Set(sortOut(projection, records).events.map(projection.key))];
    const held = await readShown(context, rebuilt, keys);
    const heldLive = live && (await readShown(context, live, keys));
    for (const [key, { shown: value }] of held) {
      const hasNoOwner = value !== nothing && owned && !owned.has(key);
      if (hasNoOwner || (heldLive && heldLive.get(key)?.shown !== value)) suspect(key);
    }
    progress.advance(partition, next, records.length);
  };
  const ranges = await log.offsets(projection.topic.name);
  progress.begin('comparing', ranges);
  await log.read(projection.topic.name, ranges, comparePiece, signal);
  progress.end();
  return { suspects, isCut };
};
