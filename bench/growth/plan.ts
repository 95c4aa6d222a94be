import type { Size } from './measure-point.ts';

/** `changes` is the number of events of each size, `filled` the number of connections of the view that is filled and rebuilt. */
export type Plan = { sizes: readonly Size[]; changes: number; filled: number; rounds: number };

/** The size that is measured with several instances too. */
const commonKeys = 1e5;

/** Ten million connections take most of the time and memory, so `quick` leaves them out. */
export const createPlan = (quick: boolean): Plan => {
  const keys = [1e4, commonKeys, 1e6, ...(quick ? [] : [1e7])];
  const sizes = [
    ...keys.map((many) => ({ keys: many, instances: 1 })),
    ...[2, 4].map((instances) => ({ keys: commonKeys, instances })),
  ];
  return quick
    ? { sizes, changes: 200_000, filled: 200_000, rounds: 1 }
    : { sizes, changes: 600_000, filled: 600_000, rounds: 2 };
};
