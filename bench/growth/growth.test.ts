import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readMeasured } from '../capacity/measured.ts';
import { createPlan } from './plan.ts';
import { describeWork, drawGrowth, insertGrowth } from './report.ts';

const measured = readMeasured();

it.each([true, false])('measures enough changes, and one size with 1, 2 and 4 instances (quick: %s)', (quick) => {
  const { sizes, changes, filled } = createPlan(quick);
  expect(Math.min(changes, filled)).toBeGreaterThanOrEqual(200_000);
  const alone = sizes.filter(({ instances }) => instances === 1).map(({ keys }) => keys);
  expect(alone).toEqual([1e4, 1e5, 1e6, ...(quick ? [] : [1e7])]);
  expect(sizes.filter(({ keys }) => keys === 1e5).map(({ instances }) => instances)).toEqual([1, 2, 4]);
});

it('states what was measured from the data', () => {
  expect(describeWork({ ...measured, changes: 234_567, rounds: 1 })).toContain('234,567 changes');
  expect(describeWork({ ...measured, rounds: 1 })).toContain('measured once');
  expect(describeWork({ ...measured, rounds: 3 })).toContain('the middle of 3 runs');
});

it('names the command, and replaces only the text between the markers', () => {
  const command = 'npm run bench:growth -- --other';
  const written = insertGrowth('before\n<!-- growth -->\nold\n<!-- end of growth -->\nafter', { ...measured, command });
  expect(written).toMatch(/^before\n<!-- growth -->\n`npm run bench:growth -- --other` on /);
  expect(written).toMatch(/\n<!-- end of growth -->\nafter$/);
  expect(written).not.toContain('old');
  expect(() => insertGrowth('no markers', measured)).toThrow('lacks the markers');
});

it('has written the document and the plot from the constants of the capacity', () => {
  const document = readFileSync('docs/performance.md', 'utf8');
  expect(insertGrowth(document, measured)).toBe(document);
  expect(drawGrowth(measured)).toBe(readFileSync('docs/growth.svg', 'utf8'));
});
