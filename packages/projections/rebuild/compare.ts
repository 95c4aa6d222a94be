import { sleep } from '../../runtime/sleep.ts';
import type { Generation } from '../generations/generation.ts';
import type { RebuildContext } from './context.ts';
import { type ComparisonTargets, findMismatches, readDisplayValues, type Source } from './find-mismatches.ts';

/**
 * The display value of a key on each side. `source` and `live` are absent when they were not compared. `isUnknown`: the source
 * does not know the key.
 */
type Difference = { key: string; rebuilt: string; source?: string; isUnknown?: true; live?: string };

/**
 * The result of a comparison. `isTruncated`: there are more differences than are listed. `isUndecided`: those not listed
 * could decide whether the generation is correct.
 */
export type Comparison = {
  readonly differences: readonly Difference[];
  readonly isTruncated: boolean;
  readonly isUndecided: boolean;
  /** Keys that unreadable records concern; limited in number. */
  readonly unreadable: readonly string[];
};

export const notCompared: Comparison = { differences: [], isTruncated: false, isUndecided: false, unreadable: [] };

const maxRounds = 6;

/**
 * Compares a generation with its source and the live view, over all keys. Changes continue during the comparison. So
 * mismatches are read again several times, and count as a difference only when the document did not change between two
 * reads. The live writers are writing a document that changes, so it has the newest value.
 */
export const compare = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  targets: ComparisonTargets & { readonly signal: AbortSignal },
): Promise<Comparison> => {
  for (let round = 1; ; round++) {
    const { fromSourceOfTruth, others, unreadable } = await findMismatches(context, rebuilt, targets);
    const differences = await recheck(context, rebuilt, targets, new Set([...fromSourceOfTruth.keys, ...others.keys]));
    const isSettled = !fromSourceOfTruth.isTruncated || differences.some(({ key }) => fromSourceOfTruth.keys.has(key));
    // Otherwise all listed mismatches were resolved and some were not listed, so the next round looks for those.
    if (isSettled || round === maxRounds)
      return {
        differences,
        isTruncated: fromSourceOfTruth.isTruncated || others.isTruncated,
        isUndecided: fromSourceOfTruth.isTruncated,
        unreadable: [...unreadable.keys],
      };
  }
};

const recheck = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  targets: ComparisonTargets & { readonly signal: AbortSignal },
  mismatches: ReadonlySet<string>,
): Promise<Difference[]> => {
  let differences: (Difference & { etag: string | undefined })[] = [];
  for (let round = 1, remaining = mismatches; round <= maxRounds && remaining.size > 0; round++) {
    if (round > 1) await sleep(context.recheckAfterMs, targets.signal);
    const before = new Map(differences.map(({ key, etag }) => [key, etag]));
    const isListed = (one: Difference) => isDifferent(one) || (targets.listUnknown && one.isUnknown);
    const differing = (await readAll(context, rebuilt, targets, remaining)).filter(isListed);
    remaining = new Set(differing.map(({ key }) => key));
    differences = round < maxRounds ? differing : differing.filter(({ key, etag }) => before.get(key) === etag);
  }
  return differences.map(({ etag: _, ...difference }) => difference);
};

/** Reads the current display values of these keys on all sides. */
const readAll = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  { source, live }: ComparisonTargets,
  keys: ReadonlySet<string>,
): Promise<(Difference & { etag: string | undefined })[]> => {
  const bySource = source && (await readFromSource(source, keys));
  const all = [...keys];
  const [held, heldLive] = await Promise.all([
    readDisplayValues(context, rebuilt, all),
    live ? readDisplayValues(context, live, all) : undefined,
  ]);
  return all.map((key) => ({
    key,
    ...(bySource && { source: bySource.get(key) ?? context.toDisplayValue(undefined) }),
    ...(bySource && !bySource.has(key) && { isUnknown: true as const }),
    rebuilt: held.get(key)?.displayValue as string,
    ...(heldLive && { live: heldLive.get(key)?.displayValue as string }),
    etag: held.get(key)?.etag,
  }));
};

const isDifferent = ({ rebuilt, source, live }: Difference) =>
  (source !== undefined && source !== rebuilt) || (live !== undefined && live !== rebuilt);

const readFromSource = async (source: Source, keys: ReadonlySet<string>) => {
  const bySource = new Map<string, string>();
  for await (const page of source.pages())
    for (const { key, displayValue } of page) if (keys.has(key)) bySource.set(key, displayValue);
  return bySource;
};
