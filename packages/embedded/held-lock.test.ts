import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { countTurns } from '../../tests/event-loop-turns.ts';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { openSqlite } from '../database/sqlite.ts';
import { openEmbeddedPlatform } from './platform.ts';

const topic = { name: 'things', partitions: 1, maxMessageBytes: 1000 };

/** A platform, and a second connection that acts as another process and can hold the lock of the file. */
const openWithOtherProcess = (lockWaitMs: number, file = join(dataFolder(), 'platform.sqlite')) => {
  const platform = openEmbeddedPlatform(file, [topic], { lockWaitMs });
  const other = openSqlite(file);
  onTestFinished(() => {
    other.close();
    platform.close();
  });
  return { ...platform, file, hold: () => other.exec('BEGIN IMMEDIATE'), release: () => other.exec('COMMIT') };
};
const event = { id: '1', key: 'a', value: Buffer.from('{}') };

it('a publish that times out on the lock of another process fails, and does not block the event loop', async () => {
  const { eventBus, hold, release } = openWithOtherProcess(1_500);
  const bus = eventBus('writer');
  hold();
  const publish = () =>
    expect(bus.publish(topic.name, [event])).rejects.toMatchObject({ name: 'NotDurable', ids: new Set(['1']) });
  expect(await countTurns(publish)).toBeGreaterThan(100);
  release();
  await bus.publish(topic.name, [event]);
});

it('state store writes wait for the lock up to the limit, then fail; reads do not wait', async () => {
  const { stateStore, hold, release } = openWithOtherProcess(300);
  const store = stateStore('things');
  await store.transact([{ key: 'a', value: 1 }]);
  hold();
  await expect(store.transact([{ key: 'b', value: 1 }])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  expect((await store.getMany(['a'])).get('a')?.value).toBe(1);
  const waiting = store.transact([{ key: 'b', value: 2 }]);
  release();
  await waiting;
  expect((await store.getMany(['b'])).get('b')?.value).toBe(2);
});

it('records are not redelivered while their commit waits for the lock', async () => {
  const { eventBus, consumerGroup, file, hold, release } = openWithOtherProcess(10_000);
  const storeOfOtherProcess = openWithOtherProcess(200, file).stateStore('things');
  const bus = eventBus('readers');
  await bus.publish(topic.name, [event]);
  let deliveries = 0;
  const subscription = await bus.subscribe(topic.name, async (batch) => {
    deliveries++;
    hold();
    return batch.map(() => 'done');
  });
  await eventually(() => expect(deliveries).toBe(1));
  // Longer than the bus waits between two deliveries.
  await expect(storeOfOtherProcess.transact([{ key: 'a', value: 1 }])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  release();
  await eventually(() => expect(consumerGroup('readers').committed(topic.name).get(0)).toBe(1));
  await subscription.close();
  expect(deliveries).toBe(1);
});

it('a write that failed on a held lock does not affect later writes', async () => {
  const { stateStore, hold, release } = openWithOtherProcess(50);
  const store = stateStore('things');
  await store.transact([{ key: 'a', value: 1 }]);
  hold();
  await expect(store.remove(['a'])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  release();
  await store.transact([{ key: 'b', value: 1 }]);
  expect([...(await store.getMany(['a', 'b'])).keys()]).toEqual(['a', 'b']);
});
