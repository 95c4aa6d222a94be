import { describe, expect, it } from 'vitest';
import { median, quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { insertResults } from './document.ts';
import { drawPlot } from './plot.ts';
import { computeRatios } from './ratios.ts';
import { formatRows, isGoalReached } from './table.ts';

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

  it('has the ratios of the measured results only', () =>
    expect(computeRatios([fast, labWay])).toEqual({ fastToLabWay: 45.714 }));

  it('shows median, minimum and maximum, goal, CPU and memory', () =>
    expect(formatRows([{ ...fast, usage: { app: { cores: 0.914, megabytes: 210.4 } } }])).toEqual([
      {
        scenario: 'redis-20k',
        what: 'title of ours-fast',
        configuration: 'as it is',
        median: '80,000 events/s',
        'min – max': '60,000 – 90,000',
        runs: '3',
        goal: '≥ 80,000: reached',
        'CPU cores / peak memory': 'app 0.91 / 210 MB',
      },
    ]));

  it('is written between its markers only', () => {
    const document = 'before\n<!-- bench full -->\nold\n<!-- end of bench full -->\nafter';
    const circumstances = { date: new Date('2026-11-21'), machine: '2 cores', command: 'npm run bench' };
    const written = insertResults(document, 'full', [fast], circumstances);
    expect(written).toMatch(/^before\n<!-- bench full -->\n`npm run bench` on 2026-11-21: 2 cores\.\n\n\| scenario /);
    expect(written).toMatch(/80,000 events\/s[^\n]*\n<!-- end of bench full -->\nafter$/);
    expect(written).not.toContain('old');
    expect(insertResults(written, 'full', [fast], circumstances)).toBe(written);
    expect(() => insertResults('no markers', 'quick', [fast], circumstances)).toThrow('lacks the markers');
  });

  it('is drawn with a bar as long as its median and a whisker from minimum to maximum', () => {
    const svg = drawPlot('Events & more', [fast, labWay]);
    const bars = [...svg.matchAll(/<rect x="330" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(bars[0]).toBeCloseTo((460 * 80) / 90, 0);
    expect((bars[0] as number) / (bars[1] as number)).toBeCloseTo(80_000 / 1_750, 0);
    expect(svg).toContain('Events &amp; more');
  });
});
