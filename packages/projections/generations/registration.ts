import { type OffsetRange, union } from '../checkpoints/position.ts';
import { type Generation, isSame } from './generation.ts';
import type { PositionDocument } from './position-document.ts';

/**
 * The position document of the store that holds a generation, once the writers keep it up to date. A position that is
 * there already stays. With `only` the generation takes the place of all others but these; of ones with a higher number
 * we know nothing, so they stay. `discarded` are offsets that the home knows as discarded.
 */
export const withGeneration = (
  { generations, also, discarded: here = [] }: PositionDocument,
  number: number,
  {
    applied,
    only,
    discarded,
  }: { applied: number; only: readonly number[] | undefined; discarded: readonly OffsetRange[] },
): PositionDocument => {
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
export const withStore = ({ mark: _, also = [], ...held }: PositionDocument, store: string): PositionDocument => ({
  ...held,
  also: [...new Set([...also, store])],
});

/**
 * The document of a store once its writers leave these generations alone. Stores in which they were are left as well,
 * unless another generation that the pointer still names (`kept`) is there.
 */
export const withoutGenerations = (
  { mark: _, generations, also = [], ...held }: PositionDocument,
  store: string | undefined,
  gone: readonly Generation[],
  kept: readonly Generation[],
): PositionDocument => {
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
