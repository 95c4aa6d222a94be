import { splitIntoChunks } from '../../runtime/chunks.ts';
import { createKeySet, type KeySet } from '../../runtime/key-set.ts';
import { retry } from '../../runtime/retry.ts';
import type { ParsedBatch } from '../apply/parse-batch.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import { type RebuildContext, readLog, storeRetry } from './context.ts';

/** The source of the data, read page by page. A key that it does not return counts as absent. */
export type Source = { readonly name: string; pages(): AsyncIterable<readonly SourceEntry[]> };
type SourceEntry = { readonly key: string; readonly displayValue: string };

/** What a rebuilt generation is compared with; undefined where it is not. */
export type ComparisonTargets = {
  readonly source: Source | undefined;
  readonly live: Generation | undefined;
  /** Whether to list keys of the log that the source does not know, even if the new generation does not have them. */
  readonly listUnknown?: boolean;
};

const maxMismatches = 10_000;

/** Keys whose display values differ. The source is the source of truth; without a source the live view is. */
export type Mismatches = {
  readonly fromSourceOfTruth: BoundedKeys;
  readonly others: BoundedKeys;
  /** Keys that unreadable records concern. */
  readonly unreadable: BoundedKeys;
};

/** A limited number of keys; `isTruncated` when there are more. */
type BoundedKeys = { readonly keys: ReadonlySet<string>; readonly isTruncated: boolean };

/** Compares every key of the source and of the log once, and collects those whose values differ. */
export const findMismatches = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  { source, live, listUnknown, signal }: ComparisonTargets & { readonly signal: AbortSignal },
): Promise<Mismatches> => {
  const { projection, log, toDisplayValue, report } = context;
  const displayValueWhenAbsent = toDisplayValue(undefined);
  const [fromSourceOfTruth, others, unreadable] = [createBoundedKeys(), createBoundedKeys(), createBoundedKeys()];

  const compareWith = async (from: Source): Promise<KeySet> => {
    const knownToSource = createKeySet();
    for await (const page of from.pages()) {
      signal.throwIfAborted();
      const keys = page.map(({ key }) => key);
      const held = await readDisplayValues(context, rebuilt, keys);
      for (const { key, displayValue: expected } of page) {
        knownToSource.add(key);
        if (held.get(key)?.displayValue !== expected) fromSourceOfTruth.add(key);
      }
    }
    return knownToSource;
  };

  if (source) report(`Comparing with ${source.name} …`);
  const knownToSource = source && (await compareWith(source));
  const compareBatch = async ({ byKey }: ParsedBatch<Event>) => {
    const keys = [...byKey.keys()];
    for (const [key, records] of byKey) if (records.some(({ event }) => event === undefined)) unreadable.add(key);
    // Together, because a read mostly waits for the store.
    const [held, heldLive] = await Promise.all([
      readDisplayValues(context, rebuilt, keys),
      live && readDisplayValues(context, live, keys),
    ]);
    for (const [key, { displayValue: value }] of held) {
      const isUnknown = knownToSource !== undefined && !knownToSource.has(key);
      if (isUnknown && value !== displayValueWhenAbsent) fromSourceOfTruth.add(key);
      else if (isUnknown && listUnknown) others.add(key);
      if (heldLive && heldLive.get(key)?.displayValue !== value) (source ? others : fromSourceOfTruth).add(key);
    }
  };
  await readLog(context, 'comparing', await log.offsets(projection.topic.name), compareBatch, signal);
  return { fromSourceOfTruth, others, unreadable };
};

const createBoundedKeys = () => {
  const keys = new Set<string>();
  let isTruncated = false;
  return {
    keys,
    get isTruncated() {
      return isTruncated;
    },
    add: (key: string) => {
      if (keys.size < maxMismatches) keys.add(key);
      else isTruncated ||= !keys.has(key);
    },
  };
};

const maxKeysPerRead = 2_000;

/** Reads the display value of each key in a generation; the etag is undefined for an absent key. */
export const readDisplayValues = async <Event, Document>(
  { stores, toDisplayValue }: RebuildContext<Event, Document>,
  { number, store }: Generation,
  keys: readonly string[],
): Promise<Map<string, { displayValue: string; etag: string | undefined }>> => {
  const result = new Map<string, { displayValue: string; etag: string | undefined }>();
  for (const chunk of splitIntoChunks(keys, maxKeysPerRead)) {
    const held = await retry(() => stores(store).getMany(chunk.map((key) => documentKey(number, key))), storeRetry);
    for (const key of chunk) {
      const stored = held.get(documentKey(number, key));
      result.set(key, { displayValue: toDisplayValue(stored?.value as Document | undefined), etag: stored?.etag });
    }
  }
  return result;
};
