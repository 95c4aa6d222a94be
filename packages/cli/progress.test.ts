import { afterEach, expect, it, vi } from 'vitest';
import { createLogProgress, formatProgress } from './progress.ts';

const ranges = [
  { partition: 0, begin: 0, end: 1_000 },
  { partition: 1, begin: 500, end: 1_000 },
];

afterEach(() => void vi.useRealTimers());

const runProgress = (isTTY: boolean) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  let text = '';
  const bars = createLogProgress({ isTTY, write: (more) => (text += more) });
  bars.begin('replaying', ranges);
  vi.advanceTimersByTime(4_000);
  bars.advance(0, 1_000, 1_000);
  bars.advance(1, 625, 125);
  vi.advanceTimersByTime(1_000);
  return { bars, text: () => text };
};

it('prints a line every few seconds without a terminal: share, amount, rate and time left', () => {
  const { bars, text } = runProgress(false);
  expect(text()).toBe('replaying  75 %  1,125 of 1,500, 225/s, 2 s left\n');
  bars.advance(1, 1_000, 375);
  bars.end();
  expect(text()).toMatch(/100 % {2}1,500 of 1,500, 300\/s, done\n$/);
});

it('draws a bar for each partition at a terminal, over the previous bars', () => {
  const lines = runProgress(true).text().split('\n').slice(-3);
  expect(lines[0]).toMatch(/replaying partition 0 █{24} 100 % {2}1,000 of 1,000, 200\/s, done$/);
  expect(lines[1]).toMatch(/replaying partition 1 █{6}░{18} 25 % {2}125 of 500, 25\/s, 15 s left$/);
  expect(lines[0]?.startsWith('\x1b[2A')).toBe(true);
});

it('prints nothing for a phase without records', () => {
  let text = '';
  const bars = createLogProgress({ isTTY: true, write: (more) => (text += more) });
  bars.begin('replaying', [{ partition: 0, begin: 5, end: 5 }]);
  bars.end();
  expect(text).toBe('');
});

it('can count in another unit than the share', () => {
  const rows = { name: '', done: 50, total: 200, count: 5_000, unit: 'rows' };
  expect(formatProgress(rows, { seconds: 10, isTTY: true })).toMatch(
    /^█{6}░{18} 25 % {2}5,000 rows, 500 rows\/s, 30 s left$/,
  );
  expect(formatProgress(rows, { seconds: 40, isTTY: false })).toMatch(/, 2 min 0 s left$/);
});

it('shows no time left before anything is done', () =>
  expect(formatProgress({ name: 'x', done: 0, total: 9 }, { seconds: 1, isTTY: false })).toBe(
    'x  0 %  0 of 9, 0/s, …',
  ));
