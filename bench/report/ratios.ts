import { median } from '../measure/statistics.ts';
import type { Result } from '../result.ts';

/** The ratios of medians between pairs of results; pairs that were not measured are left out. */
export const computeRatios = (results: readonly Result[]): Record<string, number> => {
  const of = (scenario: string, id: string) => {
    const result = results.find((candidate) => candidate.scenario === scenario && candidate.id === id);
    return result && median(result.values);
  };
  const pairs: [name: string, ours: number | undefined, other: number | undefined][] = [
    ['fastToLabWay', of('redis-20k', 'ours-fast'), of('lab-way', 'lab-way')],
    ['defaultToLabWay', of('redis-20k', 'ours-default'), of('lab-way', 'lab-way')],
    ['fastToDirect', of('redis-20k', 'ours-fast'), of('redis-20k', 'direct')],
    ['fastToStreams', of('redis-20k', 'ours-fast'), of('redis-20k', 'streams')],
    ['defaultToFast', of('redis-20k', 'ours-default'), of('redis-20k', 'ours-fast')],
    ['distinctToLabWay', of('redis-distinct', 'ours-fast'), of('lab-way', 'lab-way')],
    ['fastToConsumer', of('redis-20k', 'ours-fast'), of('limits', 'consume')],
  ];
  return Object.fromEntries(
    pairs.flatMap(([name, ours, other]) => (ours && other ? [[name, Number((ours / other).toFixed(3))]] : [])),
  );
};
