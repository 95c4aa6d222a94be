import type { Transaction } from 'kysely';
import { expect, it } from 'vitest';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import type { CrmDatabase } from './schema.ts';
import { transact } from './transact.ts';

/** Writes a row, and fails so many times after it. */
const writing = (times: number, trouble: TransientDatabaseError['code']) => {
  const attempts: number[] = [];
  const work = async (trx: Transaction<CrmDatabase>) => {
    attempts.push(attempts.length + 1);
    await trx.insertInto('connection').values({ connectionId: '1', revision: attempts.length }).execute();
    if (attempts.length <= times) throw new TransientDatabaseError(trouble, new Error('told by the database'));
    return 'done';
  };
  return { attempts, work };
};

it('a transaction that others come between is run again from its beginning, and is there once', async () => {
  const db = await openTestDatabase();
  const { attempts, work } = writing(3, 'database-conflict');
  expect(await transact(db, work)).toBe('done');
  expect(attempts).toEqual([1, 2, 3, 4]);
  expect(await db.selectFrom('connection').selectAll().execute()).toEqual([{ connectionId: '1', revision: 4 }]);
});

it('a transaction that others come between all the time is given up, and nothing of it is there', async () => {
  const db = await openTestDatabase();
  const { attempts, work } = writing(1_000, 'database-conflict');
  await expect(transact(db, work)).rejects.toMatchObject({ code: 'database-conflict' });
  expect(attempts).toHaveLength(10);
  expect(await db.selectFrom('connection').selectAll().execute()).toEqual([]);
});

it('a transaction of which nothing is known is not run again', async () => {
  const db = await openTestDatabase();
  const { attempts, work } = writing(1, 'database-away');
  await expect(transact(db, work)).rejects.toMatchObject({ code: 'database-away' });
  expect(attempts).toHaveLength(1);
});
