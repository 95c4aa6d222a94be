import { describe, expect, it, onTestFinished } from 'vitest';
import { emptyCrmDatabase } from '../../tests/stack/fresh.ts';
import { isStackReady, startPart, stopPart } from '../../tests/stack/stack.ts';
import { openThingViews } from '../../tests/thing-views.ts';
import { stateStoreContract } from '../projections/state-store.contract.ts';
import { viewDatabaseContract } from './view-database.contract.ts';

describe.runIf(await isStackReady())('on MySQL or MariaDB', () => {
  describe('the state store', () =>
    stateStoreContract(async () => {
      const views = await openThingViews(await emptyCrmDatabase());
      onTestFinished(views.close);
      return views.things;
    }));

  describe('a view database', () => viewDatabaseContract(emptyCrmDatabase));

  const open = async () => {
    const views = await openThingViews(await emptyCrmDatabase());
    onTestFinished(views.close);
    return views;
  };

  it('applies nothing of a transaction that waits too long for a lock', async () => {
    const { db, things } = await open();
    await things.transact([{ key: 'locked', value: { n: 1 } }]);
    const other = await db.startTransaction().execute();
    await other.selectFrom('things').selectAll().forUpdate().execute();
    const upserts = [
      { key: 'created', value: { n: 2 } },
      { key: 'locked', value: { n: 2 }, etag: '1' },
    ];
    await expect(things.transact(upserts)).rejects.toMatchObject({ code: 'database-conflict' });
    await other.rollback().execute();
    expect([...(await things.getMany(['created', 'locked'])).keys()]).toEqual(['locked']);
    await things.transact(upserts);
    expect((await things.getMany(['locked'])).get('locked')).toEqual({ value: { n: 2 }, etag: '2' });
  });

  it('fails during an outage, and works again after it', async () => {
    const { things, store } = await open();
    const upserts = [{ key: 'a', value: { n: 1 } }];
    await stopPart('mysql');
    onTestFinished(() => startPart('mysql'));
    for (const call of [() => things.transact(upserts), () => things.getMany(['a']), () => store.check()])
      await expect(call()).rejects.toMatchObject({ name: 'TransientDatabaseError', code: 'database-away' });
    await startPart('mysql');
    await store.check();
    await things.transact(upserts);
    expect((await things.getMany(['a'])).get('a')?.value).toEqual({ n: 1 });
  });
});
