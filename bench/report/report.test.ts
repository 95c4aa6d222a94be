import { describe, expect, it } from 'vitest';
import { median, quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { insertResults } from './document.ts';
import { barOf, drawPlot } from './plot.ts';
import { computeRatios, type Ratio } from './ratios.ts';
import { formatRatioRows, formatRows, isGoalReached } from './table.ts';

const result = (scenario: Result['scenario'], id: string, values: number[], rest: Partial<Result> = {}): Result => ({
  scenario,
  id,
  title: `title of ${id}`,
  configuration: 'as it is',
  unit: 'events/s',
  values,
  ...rest,
});
const fast = result('redis-20k', 'ours-fast', [60_000, 90_000, 80_000], { goal: { atLeast: 80_000 } });
const streams = result('redis-20k', 'streams', [120_000, 100_000, 100_000]);
const default1 = (version: string, values: number[]) => result('redis-20k', `${version}-default`, values);
const labWay = result('lab-way', 'lab-way', [2_000, 1_000, 1_500, 2_500]);

describe('the report of the benchmark', () => {
  it('computes medians and quantiles', () => {
    expect([median(fast.values), median(labWay.values)]).toEqual([80_000, 1_750]);
    expect([quantile([5, 1, 3], 0.5), quantile([5, 1, 3], 0.99)]).toEqual([3, 5]);
    expect(() => median([])).toThrow('nothing was measured');
  });

  it('states whether a goal is reached', () => {
    expect(isGoalReached(fast)).toBe(true);
    expect(isGoalReached({ ...fast, goal: { atLeast: 80_001 } })).toBe(false);
    expect(isGoalReached({ ...fast, goal: { atMost: 79_999 } })).toBe(false);
    expect(isGoalReached(labWay)).toBeUndefined();
  });

  it('divides the runs of figures that were measured in turns, and states the goal', () => {
    const [toStreams] = computeRatios([fast, streams]);
    expect(toStreams).toEqual({
      name: 'fastToStreams',
      what: 'fast to Kafka Streams',
      values: [0.5, 0.9, 0.8],
      goal: { atLeast: 0.7 },
    });
    expect(formatRatioRows([toStreams as Ratio])).toEqual([
      { ratio: 'fast to Kafka Streams', median: '0.800', 'min – max': '0.500 – 0.900', goal: '≥ 0.700: reached' },
    ]);
  });

  it('divides the medians of figures that were not measured in turns', () => {
    expect(computeRatios([fast, labWay])).toEqual([
      expect.objectContaining({ name: 'fastToLabWay', values: [80_000 / 1_750] }),
    ]);
    const oneRunLess = { ...streams, values: [100_000, 100_000] };
    expect(computeRatios([fast, oneRunLess])).toEqual([expect.objectContaining({ values: [0.8] })]);
  });

  it('compares each figure with the same figure of the other version, and a missed goal says so', () => {
    const ratios = computeRatios([default1('ours', [30, 40]), default1('compared', [20, 40])]);
    expect(ratios).toEqual([
      {
        name: 'redis-20k/default',
        what: 'redis-20k, default to the compared version',
        values: [1.5, 1],
        goal: { atLeast: 1.5 },
      },
    ]);
    expect(formatRatioRows(ratios)[0]?.goal).toBe('≥ 1.50: missed');
  });

  it('compares four components with the default of the other version', () => {
    const four = result('redis-20k', 'ours-four-components', [50, 50]);
    expect(computeRatios([four, default1('compared', [20, 25])])).toEqual([
      expect.objectContaining({ name: 'fourToComparedDefault', values: [2.5, 2], goal: { atLeast: 2.5 } }),
    ]);
  });

  it('compares the CPU time of an event, which is better when it is less', () => {
    const withCost = (version: string, microseconds: number) => ({
      ...default1(version, [10]),
      cost: { app: { microseconds, megabytes: 1 }, daprd: { microseconds: 1, megabytes: 1 } },
    });
    expect(computeRatios([withCost('ours', 9), withCost('compared', 19)])).toContainEqual({
      name: 'redis-20k/default/cpu',
      what: 'redis-20k, default to the compared version: CPU time',
      values: [2],
    });
  });

  it('counts a shorter time and less memory as better', () => {
    const seconds = (version: string, values: number[]) =>
      result('takeover', `${version}-seconds`, values, { unit: 's' });
    expect(computeRatios([seconds('ours', [5]), seconds('compared', [10])])).toEqual([
      expect.objectContaining({ name: 'takeover/seconds', values: [2] }),
    ]);
  });

  it('shows median, minimum and maximum, goal, CPU and memory', () =>
    expect(formatRows([{ ...fast, cost: { app: { microseconds: 12.34, megabytes: 210.4 } } }])).toEqual([
      {
        scenario: 'redis-20k',
        what: 'title of ours-fast',
        configuration: 'as it is',
        median: '80,000 events/s',
        'min – max': '60,000 – 90,000',
        runs: '3',
        goal: '≥ 80,000: reached',
        'CPU µs per event or row / peak memory': 'app 12.3 / 210 MB',
      },
    ]));

  it('is written between its markers only', () => {
    const document = 'before\n<!-- bench -->\nold\n<!-- end of bench -->\nafter';
    const circumstances = { date: new Date('2026-11-21'), machine: '2 cores', command: 'npm run bench' };
    const written = insertResults(document, [fast], circumstances);
    expect(written).toMatch(/^before\n<!-- bench -->\n`npm run bench` on 2026-11-21: 2 cores\.\n\n\| scenario /);
    expect(written).toMatch(/80,000 events\/s[^\n]*\n<!-- end of bench -->\nafter$/);
    expect(written).not.toContain('old');
    expect(insertResults(written, [fast], circumstances)).toBe(written);
    const compared = { id: '06c5188', day: '2026-11-26' };
    const both = insertResults(document, [fast, streams], { ...circumstances, compared });
    expect(both).toContain('2 cores. The compared version is commit 06c5188 of 2026-11-26.\n\n| ratio |');
    expect(() => insertResults('no markers', [fast], circumstances)).toThrow('lacks the markers');
  });

  it('is drawn with a bar as long as its median and a whisker from minimum to maximum', () => {
    const svg = drawPlot('Events & more', [fast, labWay].map(barOf));
    const bars = [...svg.matchAll(/<rect x="330" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(bars[0]).toBeCloseTo((460 * 80) / 90, 0);
    expect((bars[0] as number) / (bars[1] as number)).toBeCloseTo(80_000 / 1_750, 0);
    expect(svg).toContain('Events &amp; more');
  });
});
