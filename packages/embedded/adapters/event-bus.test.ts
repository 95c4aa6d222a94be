import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { openSqlite } from '../../database/sqlite.ts';
import { createEmbeddedEventBus } from './event-bus.ts';

const topic = { name: 'things', partitions: 1, maxMessageBytes: 1000 };

it('continues when a commit fails: the records are delivered again', async () => {
  const database = openSqlite(':memory:');
  const failures: string[] = [];
  const log = { error: (_error: unknown, message: string) => void failures.push(message) };
  const options = {
    topics: [topic],
    consumerGroup: 'readers',
    published: new EventEmitter(),
    now: Date.now,
    log,
    check: async () => {},
    lockWaitMs: 0,
  };
  const bus = createEmbeddedEventBus(database, options);
  await bus.publish('things', [{ id: '1', key: 'a', value: Buffer.from('{}') }]);
  let deliveries = 0;
  const subscription = await bus.subscribe('things', async (batch) => {
    deliveries++;
    if (deliveries === 1) database.exec('ALTER TABLE committed_offset RENAME TO hidden');
    if (deliveries === 2) database.exec('ALTER TABLE hidden RENAME TO committed_offset');
    return batch.map(() => 'done');
  });
  await vi.waitFor(() => expect(deliveries).toBeGreaterThanOrEqual(1));
  await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0));
  database.exec('ALTER TABLE hidden RENAME TO committed_offset');
  await vi.waitFor(() =>
    expect(database.prepare('SELECT next_offset FROM committed_offset').all()).toMatchObject([{ next_offset: 1 }]),
  );
  await subscription.close();
});
