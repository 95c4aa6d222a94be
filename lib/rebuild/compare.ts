import { setTimeout as delay } from 'node:timers/promises';
import { documentKey, type Generation } from '../generations/generation.ts';
import type { LogBatch } from '../log-reader.ts';
import { sortOut } from '../sort-out.ts';
import { chunksOf } from './chunks.ts';
import type { RebuildContext } from './context.ts';
import { type KeySet, keySet } from './key-set.ts';
import { persistently } from './persistently.ts';

/** Whoever owns the truth that the view shows, in pages; what it does not name shows nothing. */
export type Source = { readonly name: string; pages(): AsyncIterable<readonly Owned[]> };
export type Owned = { readonly key: string; readonly shown: string };

/** What each shows of a key; `source` only where one was asked, `live` only where a live generation was. */
export type Difference = { key: string; rebuilt: string; source?: string; live?: string };

export type Comparison = { readonly differences: readonly Difference[]; readonly isCut: boolean };

const keysPerRead = 1_000;
const looks = 6;
const keptDifferences = 1_000;

/**
 * Compares a generation with its source and with the live one, over every key of both. Changes go on meanwhile, so what
 * differs is looked at again, several times, before it is called a difference. Of these at most a thousand are kept.
 */
export const compare = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  { live, source, signal }: { live: Generation | undefined; source: Source | undefined; signal: AbortSignal },
): Promise<Comparison> => {
  const { shown, say, lookAgainAfterMs } = context;
  const nothing = shown(undefined);
  const shownBy = (generation: Generation | undefined, keys: readonly string[]) =>
    generation ? readShown(context, generation, keys) : undefined;
  const suspects = new Set<string>();

  const suspectPages = async (owner: Source) => {
    const owned = keySet();
    for await (const page of owner.pages()) {
      signal.throwIfAborted();
      const held = await readShown(
        context,
        rebuilt,
        page.map(({ key }) => key),
      );
      for (const { key, shown: wanted } of page) {
        if (wanted !== nothing) owned.add(key);
        if (held.get(key) !== wanted && suspects.size <= keptDifferences) suspects.add(key);
      }
    }
    return owned;
  };
  const suspectLog = async (owned: KeySet | undefined) => {
    const { projection, log, progress } = context;
    const ranges = await log.offsets(projection.topic.name);
    progress.begin('comparing', ranges);
    const look = async ({ partition, records, next }: LogBatch) => {
      const keys = [...new Set(sortOut(projection, records).events.map(projection.key))];
      for (const chunk of chunksOf(keys, keysPerRead)) {
        const [held, liveHeld] = await Promise.all([readShown(context, rebuilt, chunk), shownBy(live, chunk)]);
        for (const [key, value] of held) {
          const isOurs = value !== nothing && owned && !owned.has(key);
          const differs = liveHeld && liveHeld.get(key) !== value;
          if ((isOurs || differs) && suspects.size <= keptDifferences) suspects.add(key);
        }
      }
      progress.advance(partition, next, records.length);
    };
    await log.read(projection.topic.name, ranges, look, signal);
    progress.end();
  };
  /** What all show of the suspects now. */
  const lookAgain = async (): Promise<Difference[]> => {
    const wanted = source && (await wantedOf(source, suspects));
    const keys = [...suspects];
    const [held, liveHeld] = await Promise.all([readShown(context, rebuilt, keys), shownBy(live, keys)]);
    return keys.map((key) => ({
      key,
      ...(wanted && { source: wanted.get(key) ?? nothing }),
      rebuilt: held.get(key) as string,
      ...(liveHeld && { live: liveHeld.get(key) as string }),
    }));
  };

  if (source) say(`Comparing with ${source.name} …`);
  await suspectLog(source && (await suspectPages(source)));
  const isCut = suspects.size > keptDifferences;
  let differences: Difference[] = [];
  for (let n = 1; n <= looks && suspects.size > 0; n++) {
    if (n > 1) await delay(lookAgainAfterMs, undefined, { signal });
    differences = (await lookAgain()).filter(isDifferent);
    suspects.clear();
    for (const { key } of differences) suspects.add(key);
  }
  return { differences: differences.slice(0, keptDifferences), isCut };
};

const isDifferent = ({ rebuilt, source, live }: Difference) =>
  (source !== undefined && source !== rebuilt) || (live !== undefined && live !== rebuilt);

const wantedOf = async (source: Source, keys: ReadonlySet<string>) => {
  const wanted = new Map<string, string>();
  for await (const page of source.pages()) for (const { key, shown } of page) if (keys.has(key)) wanted.set(key, shown);
  return wanted;
};

const readShown = async <Event, Document>(
  { stores, shown }: RebuildContext<Event, Document>,
  { number, store }: Generation,
  keys: readonly string[],
): Promise<Map<string, string>> => {
  const result = new Map<string, string>();
  for (const chunk of chunksOf(keys, keysPerRead)) {
    const held = await persistently(() => stores(store).getMany(chunk.map((key) => documentKey(number, key))));
    for (const key of chunk) result.set(key, shown(held.get(documentKey(number, key))?.value as Document | undefined));
  }
  return result;
};
