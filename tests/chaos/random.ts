import { createSeededRandom } from '../../packages/projections/faults.ts';

/** A seeded random generator: the same seed yields the same decisions. */
export type Random = {
  /** An integer from `from` to `to`, both included. */
  between(from: number, to: number): number;
  oneOf<T>(items: readonly T[]): T;
  /** True with a likelihood in percent. */
  percent(likelihood: number): boolean;
  /** An independent generator, whose use does not change the numbers of this one. */
  fork(): Random;
};

export const createRandom = (seed: number): Random => {
  const random = createSeededRandom(seed);
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  return {
    between,
    oneOf: (items) => {
      if (items.length === 0) throw new Error('nothing to choose from');
      return items[between(0, items.length - 1)] as (typeof items)[number];
    },
    percent: (likelihood) => random() * 100 < likelihood,
    fork: () => createRandom(Math.floor(random() * 2 ** 31)),
  };
};
