import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../tests/things.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import { parseBatch } from './apply/parse-batch.ts';
import { createProjectionWriter } from './apply/write.ts';
import { changePointer } from './generations/pointer.ts';
import { createStores } from './generations/stores.ts';
import { openView } from './view.ts';

const openThings = () => {
  const store = openEmbeddedPlatform(':memory:', [things.topic]).stateStore('primary');
  const write = createProjectionWriter(things, { stores: createStores({ store }), newId: randomUUID, log: undefined });
  let [clock, lost] = [0, 0];
  const view = openView<Thing>(things, store, { clock: () => clock, lostToEmptyStore: () => lost });
  return {
    view,
    deliver: async (n: number, offset: number) =>
      write(await parseBatch(things, [thingRecord({ key: 'a', n }, 0, offset)])),
    answerFrom: (number: number) =>
      changePointer(store, things.name, (held) => ({ ...held, answering: { number }, lastNumber: number })),
    setClock: (ms: number) => {
      clock = ms;
    },
    setLost: (events: number) => {
      lost = events;
    },
  };
};

it('a query gets the active generation', async () => {
  const { view, deliver } = openThings();
  await deliver(1, 0);
  expect(await view.query(async ({ number }) => number)).toBe(1);
});

it('a query is refused while events are missing, and answered when they have arrived', async () => {
  const { view, deliver } = openThings();
  await deliver(1, 0);
  await deliver(3, 2);
  await expect(view.query(async () => 'result')).rejects.toMatchObject({ code: 'view-incomplete' });
  await deliver(2, 1);
  expect(await view.query(async () => 'result')).toBe('result');
});

it('a query of an empty view is refused only if the consumer group has read events', async () => {
  const { view, setLost } = openThings();
  expect(await view.query(async () => [])).toEqual([]);
  setLost(8);
  await expect(view.query(async () => [])).rejects.toMatchObject({ code: 'view-incomplete' });
});

it('a query that took long runs again if the view was switched meanwhile', async () => {
  const { view, answerFrom, setClock } = openThings();
  const queried: number[] = [];
  const result = await view.query(async ({ number }) => {
    queried.push(number);
    if (queried.length === 1) {
      setClock(60_000);
      await answerFrom(2);
    }
    return number;
  });
  // The generation 2 has no checkpoints yet, so an empty view answers from it.
  expect([result, queried]).toEqual([2, [1, 2]]);
});

it('a query that took long is valid if the view was not switched', async () => {
  const { view, setClock } = openThings();
  let runs = 0;
  await view.query(async () => setClock(++runs * 60_000));
  expect(runs).toBe(1);
});

it('a query fails when the view is switched during each attempt', async () => {
  const { view, answerFrom, setClock } = openThings();
  let runs = 1;
  const query = view.query(async () => {
    setClock(++runs * 60_000);
    await answerFrom(runs);
  });
  await expect(query).rejects.toThrow('switched to another generation during each of 3 queries');
});
