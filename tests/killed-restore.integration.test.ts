import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { closeSqlite, openSqlite } from '../lib/database/sqlite.ts';
import { databaseFiles } from '../scripts/backup/files.ts';
import { takeBackup } from '../scripts/backup/take-backup.ts';
import { dataFolder, startPlatform, startProgram } from './platform-process.ts';

const names = ['crm.sqlite', 'platform.sqlite'];
const mark = (folder: string, word: string) => {
  for (const name of names) {
    const database = openSqlite(join(folder, name));
    database.exec(`CREATE TABLE IF NOT EXISTS mark (word TEXT); DELETE FROM mark; INSERT INTO mark VALUES ('${word}')`);
    closeSqlite(database);
  }
};

const run = async (file: string, ...args: string[]) => {
  const started = startProgram(process.execPath, ['--import', 'tsx', file, ...args], {});
  return { end: await started.ended, output: started.output() };
};

/** What a service would open: the mark of each database, or `refused`. */
const marksIn = async (folder: string) => {
  const { end, output } = await run('tests/pair-in.ts', folder);
  expect([end, output]).toEqual([0, expect.stringMatching(/^\w+ \w+$/)]);
  return new Set(output.split(' '));
};

it('a restore that is killed before any of its steps leaves the old pair or the new one, never a mix', async () => {
  const template = dataFolder();
  await (await startPlatform({ DATA_DIR: template })).end('SIGTERM');
  const backup = join(dataFolder(), 'backup');
  mark(template, 'backup');
  const options = { release: '0.1.0', now: Date.now, progress: () => {} };
  await takeBackup(databaseFiles({ DATA_DIR: template }), backup, options);
  mark(template, 'today');

  const seen = new Set<string>();
  const killedAt = async (change: number) => {
    const data = dataFolder();
    cpSync(template, data, { recursive: true });
    const killed = await run('tests/restore-until-killed.ts', backup, data, String(change));
    if (killed.end !== 0 && killed.end !== 'SIGKILL') throw new Error(killed.output);
    const marks = await marksIn(data);
    const isRefused = marks.delete('refused');
    expect(marks.size).toBeLessThanOrEqual(1);
    seen.add([...marks][0] ?? 'refused').add(isRefused ? 'refused' : 'open');
    const again = await run('tests/restore-until-killed.ts', backup, data, '0');
    expect([again.end, again.output]).toEqual([0, expect.stringContaining('restored')]);
    expect(await marksIn(data)).toEqual(new Set(['backup']));
    expect(readdirSync(data).filter((name) => /restor|replaced/.test(name))).toEqual([]);
    return killed;
  };
  let survived: string | undefined;
  for (let change = 1; survived === undefined; change += 2)
    for (const { end, output } of await Promise.all([killedAt(change), killedAt(change + 1)]))
      if (end === 0) survived = output;
  expect(Number(/after (\d+) changes/.exec(survived)?.[1])).toBeGreaterThan(15);
  expect([...seen].sort()).toEqual(['backup', 'open', 'refused', 'today']);
});
