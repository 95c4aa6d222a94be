import { type OffsetRange, union } from '../checkpoints/checkpoint.ts';
import type { CheckpointDocument } from './checkpoint-document.ts';
import { type Generation, isSameGeneration } from './generation.ts';

/**
 * Registers a generation in the checkpoint document of its store, so that writers keep it up to date. A checkpoint that
 * exists already stays. `only` lists the generations to keep registered (default: all); those with a higher number stay
 * in any case, because a later rebuild registered them. `discarded` are the discarded offsets of the primary store.
 */
export const withGeneration = (
  { generations, also, discarded: ownDiscarded = [] }: CheckpointDocument,
  number: number,
  {
    applied,
    only,
    discarded,
  }: { applied: number; only: readonly number[] | undefined; discarded: readonly OffsetRange[] },
): CheckpointDocument => {
  const isKept = (other: number) => only === undefined || other > number || only.includes(other);
  const kept = Object.entries(generations).filter(([other]) => isKept(Number(other)));
  const allDiscarded = union([...ownDiscarded, ...discarded]);
  return {
    generations: { ...Object.fromEntries(kept), [number]: generations[number] ?? { applied, missing: [] } },
    ...(also && only === undefined && { also }),
    ...(allDiscarded.length > 0 && { discarded: allDiscarded }),
  };
};

/** Adds a secondary store to the checkpoint document of the primary store, so that writers write it too. */
export const withStore = ({ mark: _, also = [], ...held }: CheckpointDocument, store: string): CheckpointDocument => ({
  ...held,
  also: [...new Set([...also, store])],
});

/**
 * Unregisters generations from the checkpoint document of a store. Secondary stores that held them are removed too,
 * unless a generation that the pointer still names (`kept`) is in them.
 */
export const withoutGenerations = (
  { mark: _, generations, also = [], ...held }: CheckpointDocument,
  store: string | undefined,
  removed: readonly Generation[],
  kept: readonly Generation[],
): CheckpointDocument => {
  const numbers = removed.filter((one) => one.store === store).map(({ number }) => String(number));
  const others = kept.filter((one) => !removed.some((other) => isSameGeneration(one, other)));
  const remaining = also.filter(
    (name) => !removed.some((one) => one.store === name) || others.some((one) => one.store === name),
  );
  return {
    ...held,
    generations: Object.fromEntries(Object.entries(generations).filter(([number]) => !numbers.includes(number))),
    ...(remaining.length > 0 && { also: remaining }),
  };
};
