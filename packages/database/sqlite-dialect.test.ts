import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { countTurns } from '../../tests/event-loop-turns.ts';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { executeTogether } from './execute-together.ts';
import { openSqlite, readerSettings } from './sqlite.ts';
import { createSqliteDialect, withLockTimeout, withPriority } from './sqlite-dialect.ts';
import { createExecutor } from './threads/execute-sqlite.js';
import { startSqliteThread } from './threads/sqlite-connection.ts';
import { openSqlitePool } from './threads/sqlite-pool.ts';

type Tables = { thing: { id: number; name: string } };

const opened = async () => {
  const file = join(dataFolder(), 'things.sqlite');
  const db = new Kysely<Tables>({ dialect: createSqliteDialect(file) });
  onTestFinished(() => db.destroy());
  await sql`create table thing (id integer primary key, name text)`.execute(db);
  return { file, db };
};
const names = async (db: Kysely<Tables>) =>
  (await db.selectFrom('thing').select('name').orderBy('id').execute()).map(({ name }) => name);
const insert = (db: Kysely<Tables>, name: string) =>
  db
    .insertInto('thing')
    .values({ id: sql`null`, name } as never)
    .execute();
/** A second connection; for SQLite it is like another process. */
const anotherConnection = (file: string) => {
  const other = openSqlite(file);
  onTestFinished(() => void other.close());
  return other;
};

it('reads committed data while a transaction writes, and the transaction reads its own writes', async () => {
  const { db } = await opened();
  await insert(db, 'a');
  await db.transaction().execute(async (trx) => {
    await insert(trx, 'b');
    expect(await names(trx)).toEqual(['a', 'b']);
    expect(await names(db)).toEqual(['a']);
  });
  expect(await names(db)).toEqual(['a', 'b']);
});

it('rolls back a failed transaction', async () => {
  const { db } = await opened();
  const failing = db.transaction().execute(async (trx) => {
    await insert(trx, 'a');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await insert(db, 'b');
  expect(await names(db)).toEqual(['b']);
});

it('keeps the event loop free during a statement of a second, and runs other statements', async () => {
  const { db } = await opened();
  const long = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000000)
    insert into thing select i, 'x' from n where i % 100000 = 0`.execute(db);
  expect(await names(db)).toEqual([]);
  expect(await countTurns(() => long)).toBeGreaterThan(100);
  expect(await names(db)).toHaveLength(40);
});

it('fails with database-busy after the lock timeout while a transaction takes long; background work waits', async () => {
  const { db } = await opened();
  const requests = withLockTimeout(db, 50);
  let background: Promise<unknown> | undefined;
  let isBackgroundDone = false;
  await db.transaction().execute(async (trx) => {
    await insert(trx, 'a');
    background = insert(db, 'b').finally(() => {
      isBackgroundDone = true;
    });
    await expect(insert(requests, 'c')).rejects.toMatchObject({ code: 'database-busy' });
    expect(isBackgroundDone).toBe(false);
    expect(await names(requests)).toEqual([]);
  });
  await background;
  await insert(requests, 'c');
  expect(await names(requests)).toEqual(['a', 'b', 'c']);
});

it('runs statements together up to the first that fails, and commits none of a failed transaction', async () => {
  const { db } = await opened();
  const insertion = (id: number, name: string) => db.insertInto('thing').values({ id, name }).compile();
  const together = (...queries: ReturnType<typeof insertion>[]) =>
    db.transaction().execute(async (trx) => {
      await executeTogether(trx, queries);
      await executeTogether(trx, []);
      return names(trx);
    });
  expect(await together(insertion(1, 'a'), insertion(2, 'b'))).toEqual(['a', 'b']);
  await expect(together(insertion(3, 'c'), insertion(2, 'twice'), insertion(4, 'd'))).rejects.toThrow('UNIQUE');
  await expect(together(insertion(2, 'twice'), insertion(4, 'd'))).rejects.toThrow('UNIQUE');
  await insert(db, 'later');
  expect(await names(db)).toEqual(['a', 'b', 'later']);
});

it('runs no further statement after one that has ended the transaction', async () => {
  const database = openSqlite(':memory:');
  database.exec('create table thing (id integer primary key)');
  const execute = createExecutor(database);
  const insertion = (conflict: string, id: number) => ({
    sql: `insert ${conflict} into thing values (${id})`,
    parameters: [],
  });
  const begin = { sql: 'begin', parameters: [] };
  // As on a full disk, SQLite itself rolls the transaction back.
  expect(() => execute([begin, insertion('', 1), insertion('or rollback', 1), insertion('', 2)])).toThrow('UNIQUE');
  expect(() => execute([insertion('', 3), insertion('', 4)])).toThrow('need a transaction');
  expect(database.prepare('select id from thing').all()).toEqual([{ id: 3 }]);
  // The list can be run again.
  expect(() => execute([begin, insertion('', 3)])).toThrow('UNIQUE');
  expect(database.inTransaction).toBe(false);
});

it('begins a transaction with its first statement, so that an empty one takes no lock', async () => {
  const { db, file } = await opened();
  const other = anotherConnection(file);
  other.exec('BEGIN IMMEDIATE');
  const hasty = withLockTimeout(db, 50);
  expect(await hasty.transaction().execute(async () => 'nothing')).toBe('nothing');
  await expect(
    hasty.transaction().execute(async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  const patient = db.transaction().execute(async (trx) => {
    await insert(trx, 'a');
    await insert(trx, 'b');
  });
  await expect(hasty.transaction().execute(names)).rejects.toMatchObject({ code: 'database-busy' });
  other.exec('COMMIT');
  await patient;
  expect(await names(db)).toEqual(['a', 'b']);
});

it('writes with priority before all that wait in the process', async () => {
  const { db } = await opened();
  let waiting: Promise<unknown>[] = [];
  await db.transaction().execute(async (trx) => {
    await insert(trx, 'holder');
    waiting = [insert(db, 'a'), insert(db, 'b'), insert(withPriority(db), 'first')];
    // They wait once a statement on another connection has run.
    await names(db);
  });
  await Promise.all(waiting);
  expect(await names(db)).toEqual(['holder', 'first', 'a', 'b']);
});

it('waits for the lock of another process without blocking, up to the lock timeout', async () => {
  const { db, file } = await opened();
  const other = anotherConnection(file);
  other.exec('BEGIN IMMEDIATE');
  const patient = insert(db, 'patient');
  await expect(insert(withLockTimeout(db, 50), 'hasty')).rejects.toMatchObject({ code: 'database-busy' });
  expect(await names(db)).toEqual([]);
  other.exec('COMMIT');
  await patient;
  expect(await names(db)).toEqual(['patient']);
});

it('leaves all data in the main file when it is closed', async () => {
  const { db, file } = await opened();
  await insert(db, 'a');
  await db.destroy();
  const copy = join(dataFolder(), 'copy.sqlite');
  copyFileSync(file, copy);
  expect(anotherConnection(copy).prepare('SELECT name FROM thing').all()).toMatchObject([{ name: 'a' }]);
});

it('cannot write on a reader connection', async () => {
  const { file } = await opened();
  const reader = startSqliteThread(file, readerSettings);
  await expect(reader.execute([{ sql: 'delete from thing', parameters: [] }])).rejects.toMatchObject({
    code: 'SQLITE_READONLY',
  });
  await reader.close();
});

it('does not create a removed file again by the first read, which starts a thread', async () => {
  const { file } = await opened();
  const { read, close } = openSqlitePool(file);
  onTestFinished(() => close());
  rmSync(file);
  await expect(read?.([{ sql: 'select 1', parameters: [] }], 0)).rejects.toMatchObject({ code: 'database-replaced' });
  expect(existsSync(file)).toBe(false);
});

it('fails every statement of an ended thread at once', async () => {
  const thread = startSqliteThread('/no/such/folder/file.sqlite', '');
  const ask = () => thread.execute([{ sql: 'select 1', parameters: [] }]);
  await expect(ask()).rejects.toMatchObject({ code: 'database-stopped' });
  await expect(ask()).rejects.toMatchObject({
    code: 'database-stopped',
    cause: { message: expect.stringContaining('The thread of the database failed') },
  });
  await thread.close();
});

it('is unhealthy once a thread has ended, even with an intact file', async () => {
  const { file } = await opened();
  const { health, close } = openSqlitePool(file);
  onTestFinished(() => close());
  // The threads open the file after this, and fail.
  renameSync(file, `${file}.away`);
  mkdirSync(file);
  const away = expect.objectContaining({ code: 'database-stopped' });
  const check = () => health?.check(() => {});
  await eventually(() => expect(check()).rejects.toEqual(away));
  rmSync(file, { recursive: true });
  renameSync(`${file}.away`, file);
  await expect(check()).rejects.toEqual(away);
});

it('fails statements that wait for the writer when it is closed', async () => {
  const { file } = await opened();
  const { queue, write, close } = openSqlitePool(file);
  await queue.acquire(0);
  const closing = close();
  const late = queue.acquire(60_000).then(() => write([{ sql: 'delete from thing', parameters: [] }], 0));
  queue.release();
  await closing;
  await expect(late).rejects.toMatchObject({ code: 'database-stopped' });
});
