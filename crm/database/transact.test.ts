import type { Transaction } from 'kysely';
import { expect, it } from 'vitest';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import type { CrmDatabase } from './schema.ts';
import { transact } from './transact.ts';

/** Inserts a row and then throws, on the first `failures` attempts. */
const createFailingWork = (failureCount: number, code: TransientDatabaseError['code']) => {
  const attempts: number[] = [];
  const work = async (trx: Transaction<CrmDatabase>) => {
    attempts.push(attempts.length + 1);
    await trx.insertInto('connection').values({ connectionId: '1', revision: attempts.length }).execute();
    if (attempts.length <= failureCount) throw new TransientDatabaseError(code, new Error('reported by the database'));
    return 'done';
  };
  return { attempts, work };
};

it('runs a transaction again after a conflict, and commits it once', async () => {
  const db = await openTestDatabase();
  const { attempts, work } = createFailingWork(3, 'database-conflict');
  expect(await transact(db, work)).toBe('done');
  expect(attempts).toEqual([1, 2, 3, 4]);
  expect(await db.selectFrom('connection').selectAll().execute()).toEqual([{ connectionId: '1', revision: 4 }]);
});

it('gives up after ten conflicts, and commits nothing', async () => {
  const db = await openTestDatabase();
  const { attempts, work } = createFailingWork(1_000, 'database-conflict');
  await expect(transact(db, work)).rejects.toMatchObject({ code: 'database-conflict' });
  expect(attempts).toHaveLength(10);
  expect(await db.selectFrom('connection').selectAll().execute()).toEqual([]);
});

it('does not repeat a transaction whose outcome is unknown', async () => {
  const db = await openTestDatabase();
  const { attempts, work } = createFailingWork(1, 'database-away');
  await expect(transact(db, work)).rejects.toMatchObject({ code: 'database-away' });
  expect(attempts).toHaveLength(1);
});
