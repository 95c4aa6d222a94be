import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Generated, Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { closeSqlite, openSqlite } from './sqlite.ts';
import { createSqliteDialect, withLockTimeout } from './sqlite-dialect.ts';

type Tables = { thing: { id: Generated<number>; name: string } };

const opened = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lock-timeout-'));
  const file = join(folder, 'test.sqlite');
  const db = new Kysely<Tables>({ dialect: createSqliteDialect(file) });
  await db.schema
    .createTable('thing')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text')
    .execute();
  const other = openSqlite(file);
  onTestFinished(async () => {
    closeSqlite(other);
    await db.destroy();
    rmSync(folder, { recursive: true });
  });
  const add = (name: string, timeoutMs: number) =>
    withLockTimeout(db, timeoutMs)
      .transaction()
      .execute((transaction) => transaction.insertInto('thing').values({ name }).execute());
  return { other, add };
};

it('a write waits for the lock of another process within the timeout', async () => {
  const { other, add } = await opened();
  other.exec('BEGIN IMMEDIATE');
  const waiting = add('waited', 5_000);
  await expect(add('refused', 50)).rejects.toMatchObject({ code: 'database-busy' });
  other.exec('COMMIT');
  await waiting;
});

it('a write that timed out on a lock succeeds after the release', async () => {
  const { other, add } = await opened();
  other.exec('BEGIN IMMEDIATE');
  await expect(add('refused', 50)).rejects.toMatchObject({ code: 'database-busy' });
  other.exec('COMMIT');
  await add('repeated', 500);
});
