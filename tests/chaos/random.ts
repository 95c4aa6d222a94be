import { seededRandom } from '../../packages/projections/faults.ts';

/** Decisions by chance; the same seed decides the same. */
export type Chance = {
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  oneOf<T>(items: readonly T[]): T;
  /** True in this many of 100 cases. */
  percent(likelihood: number): boolean;
  /** Chance of its own, so that one who asks more often does not change what others get. */
  branch(): Chance;
};

export const chance = (seed: number): Chance => {
  const random = seededRandom(seed);
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  return {
    between,
    oneOf: (items) => {
      if (items.length === 0) throw new Error('nothing to choose from');
      return items[between(0, items.length - 1)] as (typeof items)[number];
    },
    percent: (likelihood) => random() * 100 < likelihood,
    branch: () => chance(Math.floor(random() * 2 ** 31)),
  };
};
