import type { Cost } from '../result.ts';
import { median } from './statistics.ts';
import type { Usage } from './usage.ts';

/** The CPU time of an event in each process, and the peak memory of each process. */
export const costOf = ({ usage, seconds }: { usage: Usage; seconds: number }, events: number): Cost =>
  Object.fromEntries(
    Object.entries(usage).map(([name, { cores, megabytes }]) => [
      name,
      { microseconds: (cores * seconds * 1e6) / events, megabytes },
    ]),
  );

/** The run whose value is nearest to the median. @throws Error without runs */
export const findTypical = <Run>(runs: readonly Run[], figureOf: (run: Run) => number): Run => {
  const middle = median(runs.map(figureOf));
  const distance = (run: Run) => Math.abs(figureOf(run) - middle);
  return runs.reduce((one, other) => (distance(other) < distance(one) ? other : one));
};
