import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { countTurns } from '../../tests/event-loop-turns.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { openSqlite } from '../database/sqlite.ts';
import { openEmbeddedPlatform } from './platform.ts';

const topic = { name: 'things', partitions: 1, maxMessageBytes: 1000 };

/** A platform, and another process that holds the lock of its file until it releases it. */
const opened = (lockWaitMs: number, file = join(dataFolder(), 'platform.sqlite')) => {
  const platform = openEmbeddedPlatform(file, [topic], { lockWaitMs });
  const other = openSqlite(file);
  onTestFinished(() => {
    other.close();
    platform.close();
  });
  return { ...platform, file, hold: () => other.exec('BEGIN IMMEDIATE'), release: () => other.exec('COMMIT') };
};
const event = { id: '1', key: 'a', value: Buffer.from('{}') };

it('a publish that waits in vain for the lock of another process says so, and blocks nothing', async () => {
  const { eventBus, hold, release } = opened(1_500);
  const bus = eventBus('writer');
  hold();
  const publish = () =>
    expect(bus.publish(topic.name, [event])).rejects.toMatchObject({ name: 'NotDurable', ids: new Set(['1']) });
  expect(await countTurns(publish)).toBeGreaterThan(100);
  release();
  await bus.publish(topic.name, [event]);
});

it('writes to the state store wait for the lock for a while, then fail; reads do not wait', async () => {
  const { stateStore, hold, release } = opened(300);
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

it('a subscriber does not get records again while their commit waits for the lock', async () => {
  const { eventBus, consumerGroup, file, hold, release } = opened(10_000);
  const impatient = opened(200, file).stateStore('things');
  const bus = eventBus('readers');
  await bus.publish(topic.name, [event]);
  let deliveries = 0;
  const subscription = await bus.subscribe(topic.name, async (batch) => {
    deliveries++;
    hold();
    return batch.map(() => 'done');
  });
  await vi.waitFor(() => expect(deliveries).toBe(1), 5_000);
  // Longer than the bus waits between two deliveries.
  await expect(impatient.transact([{ key: 'a', value: 1 }])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  release();
  await vi.waitFor(() => expect(consumerGroup('readers').committed(topic.name).get(0)).toBe(1), 5_000);
  await subscription.close();
  expect(deliveries).toBe(1);
});

it('what was refused while another process held the lock does not hinder what is written later', async () => {
  const { stateStore, hold, release } = opened(50);
  const store = stateStore('things');
  await store.transact([{ key: 'a', value: 1 }]);
  hold();
  await expect(store.remove(['a'])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  release();
  await store.transact([{ key: 'b', value: 1 }]);
  expect([...(await store.getMany(['a', 'b'])).keys()]).toEqual(['a', 'b']);
});
