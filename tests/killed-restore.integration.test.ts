import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { ConfigError } from '../packages/runtime/config-error.ts';
import { locateDatabaseFiles } from '../scripts/backup/files.ts';
import { restoreBackup } from '../scripts/backup/restore-backup.ts';
import { takeBackup } from '../scripts/backup/take-backup.ts';
import { dataFolder, programWords, startPlatform, startProgram } from './platform-process.ts';

const names = ['crm.sqlite', 'platform.sqlite', 'customer-view.sqlite'];
const mark = (folder: string, word: string) => {
  for (const name of names) {
    const database = openSqlite(join(folder, name));
    database.exec(`CREATE TABLE IF NOT EXISTS mark (word TEXT); DELETE FROM mark; INSERT INTO mark VALUES ('${word}')`);
    closeSqlite(database);
  }
};

const template = dataFolder();
const backup = join(dataFolder(), 'backup');
beforeAll(async () => {
  await (await startPlatform({ DATA_DIR: template })).end('SIGTERM');
  mark(template, 'backup');
  const options = { release: '0.1.0', now: Date.now, progress: () => {} };
  await takeBackup(locateDatabaseFiles({ DATA_DIR: template }), backup, options);
  mark(template, 'today');
});

const copyOf = (folder: string) => {
  const copy = dataFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
};
const leftovers = (folder: string) => readdirSync(folder).filter((name) => /restor|replaced/.test(name));

/** The mark in each database, or `refused` where a service refuses to open it. A copy is opened, because locks may outlive `close`. */
const marksIn = (folder: string): Set<string> => {
  const copy = copyOf(folder);
  const wordIn = (name: string) => {
    try {
      const database = openSqlite(join(copy, name));
      return (database.prepare('SELECT word FROM mark').all() as [{ word: string }])[0].word;
    } catch (error) {
      if (error instanceof ConfigError && error.message.includes('npm run restore with the same backup'))
        return 'refused';
      throw error;
    }
  };
  return new Set(names.map(wordIn));
};

const restore = (folder: string) =>
  restoreBackup(backup, locateDatabaseFiles({ DATA_DIR: folder }), { isStopped: false, print: () => {} });

it('a restore that is killed before any of its steps leaves all old databases or all new ones', async () => {
  const seen = new Set<string>();
  const killAt = async (change: number) => {
    const data = copyOf(template);
    const args = [...programWords('tests/restore-until-killed.ts'), backup, data, String(change)];
    const killed = startProgram(process.execPath, args, {});
    const end = await killed.ended;
    if (end !== 0 && end !== 'SIGKILL') throw new Error(killed.output());
    const marks = marksIn(data);
    const isRefused = marks.delete('refused');
    expect(marks.size).toBeLessThanOrEqual(1);
    seen.add([...marks][0] ?? 'refused').add(isRefused ? 'refused' : 'open');
    await restore(data);
    expect(marksIn(data)).toEqual(new Set(['backup']));
    expect(leftovers(data)).toEqual([]);
    return end === 0 ? killed.output() : undefined;
  };
  let survived: string | undefined;
  for (let change = 1; survived === undefined; change += 2)
    for (const output of await Promise.all([killAt(change), killAt(change + 1)])) survived ??= output;
  expect(Number(/after (\d+) changes/.exec(survived)?.[1])).toBeGreaterThan(15);
  expect([...seen].sort()).toEqual(['backup', 'open', 'refused', 'today']);
});

it('a restore that fails between the two files can be finished by the next one', async () => {
  const data = copyOf(template);
  const obstacle = join(data, 'crm.sqlite.replaced');
  mkdirSync(join(obstacle, 'a folder in the way'), { recursive: true });
  await expect(restore(data)).rejects.toThrow('crm.sqlite.replaced');
  expect(marksIn(data)).toEqual(new Set(['refused']));
  expect(existsSync(join(data, 'crm.sqlite.restored'))).toBe(true);
  rmSync(obstacle, { recursive: true });
  const restarted = copyOf(data);
  await restore(restarted);
  expect(marksIn(restarted)).toEqual(new Set(['backup']));
  expect(leftovers(restarted)).toEqual([]);
});
