import { expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { canFakeClocks, createJumpingClock, fakeClock } from './fake-clock.ts';
import { startProgram } from './platform-process.ts';

const ready = await canFakeClocks();
const hourMs = 3_600_000;

/** This test measures real time. The script prints both clocks of its process every 20 ms: wall clock, and monotonic time since the start. */
const printClocks =
  'const start = performance.now(); setInterval(() => console.log(Date.now(), performance.now() - start), 20)';
const runClocks = (env: Record<string, string>) => {
  const started = startProgram(process.execPath, ['-e', printClocks], env);
  const last = () => {
    const [wall = Number.NaN, monotonic = Number.NaN] = (started.output().trim().split('\n').at(-1) ?? '')
      .split(' ')
      .map(Number);
    return { hoursAhead: Math.round((wall - Date.now()) / hourMs), monotonic };
  };
  return { ...started, last };
};

it.skipIf(!ready)('a process runs with its wall clock ahead and its monotonic clock unchanged', async () => {
  const { last, end } = runClocks(fakeClock('+1d'));
  await eventually(() => expect(last().hoursAhead).toBe(24));
  expect(last().monotonic).toBeLessThan(20_000);
  await end('SIGKILL');
});

it.skipIf(!ready)('a wall clock jumps while the process and its timers run', async () => {
  const clock = createJumpingClock();
  const { last, end } = runClocks(clock.env);
  await eventually(() => expect(last().hoursAhead).toBe(0));
  clock.jump('+2h');
  await eventually(() => expect(last().hoursAhead).toBe(2));
  clock.jump('-3h');
  await eventually(() => expect(last().hoursAhead).toBe(-3));
  expect(last().monotonic).toBeLessThan(40_000);
  await end('SIGKILL');
});
