import { expect, it } from 'vitest';
import type { LogReader } from './log-reader.ts';
import { throttleLog, throttlePages } from './throttled-log.ts';

/** Work of 20, 30 and 40 ms on a clock of its own, and what happens in which order. */
const createSlowWork = () => {
  let now = 0;
  let pieces = 0;
  const steps: string[] = [];
  const work = async () => {
    const durationMs = 20 + 10 * pieces++;
    steps.push('begin');
    await Promise.resolve();
    now += durationMs;
    steps.push(`end after ${durationMs}`);
  };
  const sleep = async (ms: number) => {
    now += ms;
    steps.push(`pause for ${ms}`);
  };
  return { work, steps, time: { clock: () => now, sleep } };
};
const eachWithItsPause = [20, 30, 40].flatMap((ms) => ['begin', `end after ${ms}`, `pause for ${ms}`]);

it('handles one batch at a time, and pauses after each for as long as it took', async () => {
  const eager: LogReader = {
    offsets: async () => [],
    read: async (_, ranges, handle) => {
      await Promise.all(ranges.map(({ partition, end }) => handle({ partition, records: [], next: end })));
    },
  };
  const { work, steps, time } = createSlowWork();
  const ranges = [0, 1, 2].map((partition) => ({ partition, begin: 0, end: 1 }));
  await throttleLog(eager, time).read('things', ranges, work);
  expect(steps).toEqual(eachWithItsPause);
});

it('pauses after each page for as long as its processing took', async () => {
  const eager = async function* () {
    for (const next of ['1', '2', undefined]) yield { events: [], next };
  };
  const { work, steps, time } = createSlowWork();
  for await (const _ of throttlePages(eager(), time)) await work();
  expect(steps).toEqual(eachWithItsPause);
});
