import { expect, it, onTestFinished } from 'vitest';
import { connectDatabase } from '../../packages/database/open-database.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { openInstanceRegistry } from './instance-registry.ts';

const openDatabase = () => {
  const db = connectDatabase<never>({ url: 'memory', variable: 'CUSTOMER_VIEW_DATABASE_URL' });
  onTestFinished(() => db.destroy());
  return db;
};
const urls = async (registry: Awaited<ReturnType<typeof openInstanceRegistry>>) =>
  (await registry.list()).map(({ url }) => url);

it('lists the instances that share the database until each is closed', async () => {
  const [db, runtime] = [openDatabase(), createTestRuntime()];
  // No heartbeat within the test: an instance is listed at once.
  const heartbeatEveryMs = 60 * 60 * 1_000;
  const one = await openInstanceRegistry(db, { ...runtime, heartbeatEveryMs });
  const other = await openInstanceRegistry(db, { ...runtime, heartbeatEveryMs });
  one.announce('http://one');
  other.announce('http://other');
  await eventually(async () => expect(await urls(one)).toEqual(['http://one', 'http://other']));
  expect(await one.list()).toEqual(await other.list());
  expect((await one.list())[0]).toEqual({ instanceId: one.instanceId, url: 'http://one', startedAt: runtime.now() });
  await other.close();
  expect(await urls(one)).toEqual(['http://one']);
  await one.close();
  expect(await urls(one)).toEqual([]);
});

it('removes an instance whose heartbeat does not change any more, as after a kill', async () => {
  const [db, runtime] = [openDatabase(), createTestRuntime()];
  const one = await openInstanceRegistry(db, { ...runtime, heartbeatEveryMs: 5 });
  await db
    .withTables<{ instance: { instanceId: string; url: string; startedAt: number; heartbeat: number } }>()
    .insertInto('instance')
    .values({ instanceId: 'killed', url: 'http://killed', startedAt: runtime.now(), heartbeat: 1 })
    .execute();
  one.announce('http://one');
  await eventually(async () => expect(await urls(one)).toEqual(['http://one']));
  await one.close();
});

it('an instance that was removed while it was suspended registers again', async () => {
  const [db, runtime] = [openDatabase(), createTestRuntime()];
  const one = await openInstanceRegistry(db, { ...runtime, heartbeatEveryMs: 5 });
  one.announce('http://one');
  await eventually(async () => expect(await urls(one)).toEqual(['http://one']));
  await db.withTables<{ instance: object }>().deleteFrom('instance').execute();
  await eventually(async () => expect(await urls(one)).toEqual(['http://one']));
  await one.close();
});
