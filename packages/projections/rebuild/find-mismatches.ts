import { splitIntoChunks } from '../../runtime/chunks.ts';
import { createKeySet, type KeySet } from '../../runtime/key-set.ts';
import type { ParsedBatch } from '../apply/parse-batch.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import { persistently, type RebuildContext, readLog } from './context.ts';

/** What the owner of the data holds, in pages; what it does not name shows nothing. */
export type Source = { readonly name: string; pages(): AsyncIterable<readonly Owned[]> };
export type Owned = { readonly key: string; readonly shown: string };

/** What a rebuilt generation is compared with. */
export type Sides = {
  readonly source: Source | undefined;
  readonly live: Generation | undefined;
  /** Whether keys of the log that the source does not name are listed, although nothing shows them. */
  readonly listUnknown?: boolean;
};

const maxMismatches = 10_000;

/** Keys that show something else somewhere. What the live generation shows decides only where no source is asked. */
export type Mismatches = {
  readonly deciding: MostKeys;
  readonly others: MostKeys;
  /** Keys that records which cannot be read concern. */
  readonly unreadable: MostKeys;
};

/** Some of many keys; `isCut` when there are more. */
export type MostKeys = { readonly keys: ReadonlySet<string>; readonly isCut: boolean };

/** Every key of the source, and every key of the log, that shows something else somewhere, at a first look. */
export const findMismatches = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  { source, live, listUnknown, signal }: Sides & { readonly signal: AbortSignal },
): Promise<Mismatches> => {
  const { projection, log, shown, say } = context;
  const nothing = shown(undefined);
  const [deciding, others, unreadable] = [mostKeys(), mostKeys(), mostKeys()];

  const compareWith = async (owner: Source): Promise<KeySet> => {
    const known = createKeySet();
    for await (const page of owner.pages()) {
      signal.throwIfAborted();
      const keys = page.map(({ key }) => key);
      const held = await readShown(context, rebuilt, keys);
      for (const { key, shown: wanted } of page) {
        known.add(key);
        if (held.get(key)?.shown !== wanted) deciding.add(key);
      }
    }
    return known;
  };

  if (source) say(`Comparing with ${source.name} …`);
  const known = source && (await compareWith(source));
  const compareBatch = async ({ byKey }: ParsedBatch<Event>) => {
    const keys = [...byKey.keys()];
    for (const [key, steps] of byKey) if (steps.some(({ event }) => event === undefined)) unreadable.add(key);
    const held = await readShown(context, rebuilt, keys);
    const heldLive = live && (await readShown(context, live, keys));
    for (const [key, { shown: value }] of held) {
      const isUnknown = known !== undefined && !known.has(key);
      if (isUnknown && value !== nothing) deciding.add(key);
      else if (isUnknown && listUnknown) others.add(key);
      if (heldLive && heldLive.get(key)?.shown !== value) (source ? others : deciding).add(key);
    }
  };
  await readLog(context, 'comparing', await log.offsets(projection.topic.name), compareBatch, signal);
  return { deciding, others, unreadable };
};

const mostKeys = () => {
  const keys = new Set<string>();
  let isCut = false;
  return {
    keys,
    get isCut() {
      return isCut;
    },
    add: (key: string) => {
      if (keys.size < maxMismatches) keys.add(key);
      else isCut ||= !keys.has(key);
    },
  };
};

const keysPerRead = 1_000;

/** What a generation shows of each key; an absent one has no etag. */
export const readShown = async <Event, Document>(
  { stores, shown }: RebuildContext<Event, Document>,
  { number, store }: Generation,
  keys: readonly string[],
): Promise<Map<string, { shown: string; etag: string | undefined }>> => {
  const result = new Map<string, { shown: string; etag: string | undefined }>();
  for (const chunk of splitIntoChunks(keys, keysPerRead)) {
    const held = await persistently(() => stores(store).getMany(chunk.map((key) => documentKey(number, key))));
    for (const key of chunk) {
      const stored = held.get(documentKey(number, key));
      result.set(key, { shown: shown(stored?.value as Document | undefined), etag: stored?.etag });
    }
  }
  return result;
};
