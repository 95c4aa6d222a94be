import { expect, it, onTestFinished, vi } from 'vitest';
import { thingRecord, things } from '../../../tests/things.ts';
import { parseBatch } from './parse-batch.ts';

const batch = Array.from({ length: 100 }, (_, n) => thingRecord({ key: `k${n % 3}`, n }, 0, n));

it('yields to the event loop while it parses a large batch', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const slow: typeof things = {
    ...things,
    parse: (record) => {
      vi.advanceTimersByTime(1);
      return things.parse(record);
    },
  };
  let parsed = 0;
  let parsedWhenOtherWorkRan: number | undefined;
  setImmediate(() => {
    parsedWhenOtherWorkRan = parsed;
  });
  const counted: typeof things = {
    ...slow,
    key: (thing) => {
      parsed++;
      return things.key(thing);
    },
  };
  const { events } = await parseBatch(counted, batch);
  expect(parsedWhenOtherWorkRan).toBeGreaterThan(0);
  expect(parsedWhenOtherWorkRan).toBeLessThan(batch.length);
  expect(events).toEqual(batch.map(({ value }) => JSON.parse(value.toString())));
});
