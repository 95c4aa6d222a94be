import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LogReader } from './log-reader.ts';
import { throttledLog, throttledPages } from './throttled-log.ts';

/** Work of 20 ms, and the milliseconds from the end of each to the begin of the next. */
const workThatTakesTime = () => {
  const times: { began: number; ended: number }[] = [];
  const work = async () => {
    const began = performance.now();
    await delay(20);
    times.push({ began, ended: performance.now() });
  };
  return { work, rests: () => times.slice(1).map(({ began }, n) => began - (times[n]?.ended ?? 0)) };
};

it('hands on one piece at a time, and rests after each as long as it took', async () => {
  const eager: LogReader = {
    offsets: async () => [],
    read: async (_, ranges, handle) => {
      await Promise.all(ranges.map(({ partition, end }) => handle({ partition, records: [], next: end })));
    },
  };
  const { work, rests } = workThatTakesTime();
  const ranges = [0, 1, 2].map((partition) => ({ partition, begin: 0, end: 1 }));
  await throttledLog(eager).read('things', ranges, work);
  expect(rests()).toHaveLength(2);
  for (const rest of rests()) expect(rest).toBeGreaterThanOrEqual(15);
});

it('rests after each page as long as that took', async () => {
  const eager = async function* () {
    for (const next of ['1', '2', undefined]) yield { events: [], next };
  };
  const { work, rests } = workThatTakesTime();
  for await (const _ of throttledPages(eager())) await work();
  expect(rests()).toHaveLength(2);
  for (const rest of rests()) expect(rest).toBeGreaterThanOrEqual(15);
});
