import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LogReader } from './log-reader.ts';
import { throttledLog, throttledPages } from './throttled-log.ts';

/** Work of 20 ms, and the pauses between the end of one and the begin of the next, in ms. */
const createSlowWork = () => {
  const times: { began: number; ended: number }[] = [];
  const work = async () => {
    const began = performance.now();
    await delay(20);
    times.push({ began, ended: performance.now() });
  };
  return { work, pauses: () => times.slice(1).map(({ began }, n) => began - (times[n]?.ended ?? 0)) };
};

it('handles one batch at a time, and pauses after each for as long as it took', async () => {
  const eager: LogReader = {
    offsets: async () => [],
    read: async (_, ranges, handle) => {
      await Promise.all(ranges.map(({ partition, end }) => handle({ partition, records: [], next: end })));
    },
  };
  const { work, pauses } = createSlowWork();
  const ranges = [0, 1, 2].map((partition) => ({ partition, begin: 0, end: 1 }));
  await throttledLog(eager).read('things', ranges, work);
  expect(pauses()).toHaveLength(2);
  for (const pause of pauses()) expect(pause).toBeGreaterThanOrEqual(15);
});

it('pauses after each page for as long as its processing took', async () => {
  const eager = async function* () {
    for (const next of ['1', '2', undefined]) yield { events: [], next };
  };
  const { work, pauses } = createSlowWork();
  for await (const _ of throttledPages(eager())) await work();
  expect(pauses()).toHaveLength(2);
  for (const pause of pauses()) expect(pause).toBeGreaterThanOrEqual(15);
});
