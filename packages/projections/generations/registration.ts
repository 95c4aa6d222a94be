import { type OffsetRange, union } from '../checkpoints/checkpoint.ts';
import type { CheckpointDocument } from './checkpoint-document.ts';
import { type Generation, isSame } from './generation.ts';

/**
 * The position document of the store that holds a generation, once the writers keep it up to date. A position that is
 * there already stays. With `only` the generation takes the place of all others but these; of ones with a higher number
 * we know nothing, so they stay. `discarded` are offsets that the home knows as discarded.
 */
export const withGeneration = (
  { generations, also, discarded: here = [] }: CheckpointDocument,
  number: number,
  {
    applied,
    only,
    discarded,
  }: { applied: number; only: readonly number[] | undefined; discarded: readonly OffsetRange[] },
): CheckpointDocument => {
  const isKept = (other: number) => only === undefined || other > number || only.includes(other);
  const kept = Object.entries(generations).filter(([other]) => isKept(Number(other)));
  const all = union([...here, ...discarded]);
  return {
    generations: { ...Object.fromEntries(kept), [number]: generations[number] ?? { applied, missing: [] } },
    ...(also && only === undefined && { also }),
    ...(all.length > 0 && { discarded: all }),
  };
};

/** The home's document, once the writers write another store as well. */
export const withStore = ({ mark: _, also = [], ...held }: CheckpointDocument, store: string): CheckpointDocument => ({
  ...held,
  also: [...new Set([...also, store])],
});

/**
 * The document of a store once its writers leave these generations alone. Stores in which they were are left as well,
 * unless another generation that the pointer still names (`kept`) is there.
 */
export const withoutGenerations = (
  { mark: _, generations, also = [], ...held }: CheckpointDocument,
  store: string | undefined,
  gone: readonly Generation[],
  kept: readonly Generation[],
): CheckpointDocument => {
  const numbers = gone.filter((one) => one.store === store).map(({ number }) => String(number));
  const others = kept.filter((one) => !gone.some((other) => isSame(one, other)));
  const left = also.filter(
    (name) => !gone.some((one) => one.store === name) || others.some((one) => one.store === name),
  );
  return {
    ...held,
    generations: Object.fromEntries(Object.entries(generations).filter(([number]) => !numbers.includes(number))),
    ...(left.length > 0 && { also: left }),
  };
};
