import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { createDiskHealth } from './disk-health.ts';
import { closeSqlite, openSqlite } from './sqlite.ts';
import { findExposedFiles, rememberIdentity } from './sqlite-file.ts';
import { checkSqliteStatements, createStatementCheck } from './statement-checks.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

const opened = (file: string) => {
  const raw = openSqlite(file);
  const identity = rememberIdentity(file);
  const health = createDiskHealth(identity);
  const database = checkSqliteStatements(raw, identity, health);
  onTestFinished(() => closeSqlite(database));
  database.exec('CREATE TABLE IF NOT EXISTS thing (text TEXT)');
  const insert = database.prepare('INSERT INTO thing VALUES (?)');
  const insertBoth = database.transaction(() => {
    insert.run('one');
    insert.run('two');
  }).immediate;
  const count = () => (database.prepare('SELECT count(*) AS many FROM thing').all() as [{ many: number }])[0].many;
  const check = () => health.check(() => void database.exec('PRAGMA user_version = 1'));
  return { database, insert, insertBoth, count, check };
};

it('is accessible to the owner only, as is a created folder, with any umask; an existing folder keeps its mode', async () => {
  const folder = dataFolder();
  await chmod(folder, 0o755);
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const file = join(folder, 'made', 'data.sqlite');
  opened(file).insert.run('x');
  expect((await readdir(join(folder, 'made'))).map((name) => [name, modeOf(join(folder, 'made', name))])).toEqual([
    ['data.sqlite', '600'],
    ['data.sqlite-shm', '600'],
    ['data.sqlite-wal', '600'],
  ]);
  expect([modeOf(join(folder, 'made')), modeOf(folder)]).toEqual(['700', '755']);
});

it('that other users could access is restricted to the owner on open', async () => {
  const file = join(dataFolder(), 'data.sqlite');
  const first = openSqlite(file);
  first.exec('CREATE TABLE thing (text TEXT)');
  for (const suffix of ['', '-wal', '-shm']) await chmod(file + suffix, 0o644);
  expect(findExposedFiles(file)).toHaveLength(3);
  closeSqlite(openSqlite(file));
  expect(findExposedFiles(file)).toEqual([]);
  closeSqlite(first);
});

it.each(['', '-wal', '-shm'])('whose file with suffix "%s" was removed refuses writes until it is back', (suffix) => {
  const file = join(dataFolder(), 'data.sqlite');
  const { insert, insertBoth, count } = opened(file);
  insert.run('kept');
  renameSync(file + suffix, `${file}.away`);
  expect(() => insert.run('lost')).toThrow(expect.objectContaining({ code: 'database-replaced' }));
  expect(() => insertBoth()).toThrow(expect.objectContaining({ code: 'database-replaced' }));
  renameSync(`${file}.away`, file + suffix);
  insert.run('kept');
  expect(count()).toBeGreaterThanOrEqual(2);
});

it('that was replaced refuses all statements, and leaves the new file unchanged', async () => {
  const folder = dataFolder();
  const [file, other] = [join(folder, 'data.sqlite'), join(folder, 'other.sqlite')];
  closeSqlite(opened(other).database);
  const { insert, count } = opened(file);
  const before = statSync(other).size;
  renameSync(other, file);
  for (const work of [count, () => insert.run('x')])
    expect(work).toThrow(expect.objectContaining({ code: 'database-replaced' }));
  expect(statSync(file).size).toBe(before);
});

it('that was removed before a commit is acknowledged fails the commit', () => {
  const file = join(dataFolder(), 'data.sqlite');
  const { database, insert } = opened(file);
  const removeThenWrite = database.transaction(() => {
    insert.run('lost');
    unlinkSync(file);
  }).immediate;
  expect(() => removeThenWrite()).toThrow(expect.objectContaining({ code: 'database-replaced' }));
});

it('that was removed in a transaction still rolls the connection back', async () => {
  const file = join(dataFolder(), 'data.sqlite');
  opened(file);
  const identity = rememberIdentity(file);
  const check = createStatementCheck(identity, createDiskHealth(identity));
  const executed: string[] = [];
  const execute = (text: string) => check(text, async () => void executed.push(text));
  await execute('begin');
  renameSync(file, `${file}.away`);
  await expect(check('commit', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await execute('rollback');
  await expect(execute('begin')).rejects.toMatchObject({ code: 'database-replaced' });
  expect(executed).toEqual(['begin', 'rollback']);
});

it('on a full disk refuses all writes, still reads, and is unhealthy until a write succeeds', async () => {
  const { database, insert, insertBoth, count, check } = opened(join(dataFolder(), 'data.sqlite'));
  insert.run('kept');
  await check();
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
  database.exec(`PRAGMA max_page_count = ${pages}`);
  const full = expect.objectContaining({ code: 'storage-full' });
  expect(() => insert.run('x'.repeat(10_000))).toThrow(full);
  const large = database.transaction(() => insert.run('x'.repeat(10_000))).immediate;
  expect(() => large()).toThrow(full);
  expect(count()).toBe(1);
  database.exec('PRAGMA max_page_count = 1000000');
  insertBoth();
  await check();
  expect(count()).toBe(3);
});

it('that is damaged stays unhealthy and refuses writes', async () => {
  const file = join(dataFolder(), 'data.sqlite');
  const { database, insert } = opened(file);
  for (let n = 0; n < 500; n++) insert.run(`${n} ${'x'.repeat(500)}`);
  closeSqlite(database);
  const { size } = statSync(file);
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(12_288, 0xa5), 0, 12_288, size - 12_288);
  closeSync(descriptor);
  const damaged = opened(file);
  await damaged.check();
  expect(() => damaged.database.prepare('SELECT sum(length(text)) FROM thing').all()).toThrow(
    expect.objectContaining({ code: 'database-damaged' }),
  );
  await expect(damaged.check()).rejects.toMatchObject({ code: 'database-damaged' });
  expect(() => damaged.database.exec('CREATE TABLE other (text TEXT)')).toThrow(
    expect.objectContaining({ code: 'database-damaged' }),
  );
  await expect(damaged.check()).rejects.toMatchObject({ code: 'database-damaged' });
});

it.each([
  ['a folder', (file: string) => mkdirSync(file), 'is a folder'],
  ['not a database', (file: string) => writeFileSync(file, 'no database '.repeat(100)), 'is not a SQLite database'],
  ['below a file', (file: string) => writeFileSync(join(file, '..'), ''), 'is not a folder'],
])('that is %s is reported in one sentence with the remedy', (_what, make, says) => {
  const file = join(dataFolder(), 'data', 'data.sqlite');
  if (_what !== 'below a file') mkdirSync(join(file, '..'));
  make(file);
  expect(() => openSqlite(file)).toThrow(expect.objectContaining({ name: 'ConfigError' }));
  expect(() => openSqlite(file)).toThrow(says);
  expect(() => openSqlite(file)).toThrow('DATA_DIR and CRM_DATABASE_URL set another location.');
  expect(existsSync(`${file}-wal`)).toBe(false);
});
