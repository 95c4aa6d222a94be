import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRateLimitedLog } from './rate-limited-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const createLimitedLog = () => {
  const lines: { level: number; msg: string; n?: number; more?: number }[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, log: createRateLimitedLog(log, { entries: 3, windowMs: 1_000 }) };
};

it('logs the first entries of a flood, and then the number of the others', () => {
  const { lines, log } = createLimitedLog();
  for (let n = 0; n < 10_000; n++) log.warn({ n }, 'store unavailable');
  expect(lines).toEqual([0, 1, 2].map((n) => ({ level: 40, n, msg: 'store unavailable' })));
  vi.advanceTimersByTime(1_000);
  expect(lines.slice(3)).toEqual([{ level: 40, more: 9_997, seconds: 1, msg: 'store unavailable: 9997 more' }]);
});

it('logs every rare entry, and entries after a flood', () => {
  const { lines, log } = createLimitedLog();
  for (let n = 0; n < 3; n++) log.error({ n }, 'store unavailable');
  vi.advanceTimersByTime(5_000);
  log.error({ n: 3 }, 'store unavailable');
  expect(lines.map(({ level, n }) => [level, n])).toEqual([0, 1, 2, 3].map((n) => [50, n]));
});

it('limits each message separately', () => {
  const { lines, log } = createLimitedLog();
  for (let n = 0; n < 10; n++) log.warn({ n }, 'store unavailable');
  log.error({}, 'broker unavailable');
  expect(lines.at(-1)).toEqual({ level: 50, msg: 'broker unavailable' });
});
