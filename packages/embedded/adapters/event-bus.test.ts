import { EventEmitter } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { openSqlite } from '../../database/sqlite.ts';
import { openEmbeddedPlatform } from '../platform.ts';
import { createEmbeddedEventBus } from './event-bus.ts';

const topic = { name: 'things', partitions: 1, maxMessageBytes: 1000 };

it('wakes its subscribers for what another connection publishes, and for what this process appends or resets', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'event-bus-')), 'platform.sqlite');
  const [own, other] = [openEmbeddedPlatform(file, [topic]), openEmbeddedPlatform(file, [topic])];
  const delivered: string[] = [];
  const subscription = await own.eventBus('readers').subscribe('things', async (batch) => {
    delivered.push(...batch.map(({ key }) => String(key)));
    return batch.map(() => 'done');
  });
  const expectDelivered = (...keys: string[]) => eventually(() => expect(delivered).toEqual(keys));
  await other.eventBus('crm').publish('things', [{ id: '1', key: 'a', value: Buffer.from('{}') }]);
  await expectDelivered('a');
  await own.operatorLog().append(topic, [{ key: 'b', value: Buffer.from('{}'), timestamp: 1, replayOf: 'things/0/0' }]);
  await expectDelivered('a', 'b');
  await own.consumerGroup('readers').reset('things', new Map([[0, 0]]));
  await expectDelivered('a', 'b', 'a', 'b');
  await subscription.close();
  for (const platform of [own, other]) platform.close();
});

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
  await eventually(() => expect(deliveries).toBeGreaterThanOrEqual(1));
  await eventually(() => expect(failures.length).toBeGreaterThan(0));
  database.exec('ALTER TABLE hidden RENAME TO committed_offset');
  await eventually(() =>
    expect(database.prepare('SELECT next_offset FROM committed_offset').all()).toMatchObject([{ next_offset: 1 }]),
  );
  await subscription.close();
});
