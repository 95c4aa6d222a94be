import { sleep } from '../../runtime/sleep.ts';
import type { Generation } from '../generations/generation.ts';
import type { RebuildContext } from './context.ts';
import { findMismatches, readShown, type Sides, type Source } from './find-mismatches.ts';

/**
 * What each shows of a key; `source` only where one was asked, `live` only where a live generation was. `isUnknown`: the
 * source does not name the key.
 */
export type Difference = { key: string; rebuilt: string; source?: string; isUnknown?: true; live?: string };

/** `isCut`: there are more than are listed; `isOpen`: and some of them could decide whether the generation is right. */
export type Comparison = {
  readonly differences: readonly Difference[];
  readonly isCut: boolean;
  readonly isOpen: boolean;
  /** Keys that records which cannot be read concern; of very many only some. */
  readonly unreadable: readonly string[];
};

export const notCompared: Comparison = { differences: [], isCut: false, isOpen: false, unreadable: [] };

const looks = 6;

/**
 * Compares a generation with its source and with the live one, over every key of all. Changes go on meanwhile: what differs
 * is looked at again, several times, and is a difference only where its document stood still from one look to the next.
 * One that moves is being written by the live writers, so whatever it shows is the newest.
 */
export const compare = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  sides: Sides & { readonly signal: AbortSignal },
): Promise<Comparison> => {
  for (let round = 1; ; round++) {
    const { deciding, others, unreadable } = await findMismatches(context, rebuilt, sides);
    const differences = await lookAgain(context, rebuilt, sides, new Set([...deciding.keys, ...others.keys]));
    const isSettled = !deciding.isCut || differences.some(({ key }) => deciding.keys.has(key));
    // All that was listed agrees by now, and the rest has not been compared.
    if (isSettled || round === looks)
      return {
        differences,
        isCut: deciding.isCut || others.isCut,
        isOpen: deciding.isCut,
        unreadable: [...unreadable.keys],
      };
  }
};

const lookAgain = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  sides: Sides & { readonly signal: AbortSignal },
  suspects: ReadonlySet<string>,
): Promise<Difference[]> => {
  let differences: (Difference & { etag: string | undefined })[] = [];
  for (let n = 1, left = suspects; n <= looks && left.size > 0; n++) {
    if (n > 1) await sleep(context.lookAgainAfterMs, sides.signal);
    const before = new Map(differences.map(({ key, etag }) => [key, etag]));
    const isListed = (one: Difference) => isDifferent(one) || (sides.listUnknown && one.isUnknown);
    const differing = (await look(context, rebuilt, sides, left)).filter(isListed);
    left = new Set(differing.map(({ key }) => key));
    differences = n < looks ? differing : differing.filter(({ key, etag }) => before.get(key) === etag);
  }
  return differences.map(({ etag: _, ...difference }) => difference);
};

/** What all show of these keys now. */
const look = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  rebuilt: Generation,
  { source, live }: Sides,
  keys: ReadonlySet<string>,
): Promise<(Difference & { etag: string | undefined })[]> => {
  const wanted = source && (await wantedOf(source, keys));
  const all = [...keys];
  const [held, heldLive] = await Promise.all([
    readShown(context, rebuilt, all),
    live ? readShown(context, live, all) : undefined,
  ]);
  return all.map((key) => ({
    key,
    ...(wanted && { source: wanted.get(key) ?? context.shown(undefined) }),
    ...(wanted && !wanted.has(key) && { isUnknown: true as const }),
    rebuilt: held.get(key)?.shown as string,
    ...(heldLive && { live: heldLive.get(key)?.shown as string }),
    etag: held.get(key)?.etag,
  }));
};

const isDifferent = ({ rebuilt, source, live }: Difference) =>
  (source !== undefined && source !== rebuilt) || (live !== undefined && live !== rebuilt);

const wantedOf = async (source: Source, keys: ReadonlySet<string>) => {
  const wanted = new Map<string, string>();
  for await (const page of source.pages()) for (const { key, shown } of page) if (keys.has(key)) wanted.set(key, shown);
  return wanted;
};
