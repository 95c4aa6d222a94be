import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openCrmDatabase } from '../../crm/database/index.ts';
import { openSqlite } from '../../packages/database/sqlite.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { takeBackup } from './take-backup.ts';

const options = { release: '0.1.0', now: Date.now, progress: () => {} };

it('a backup gets the write lock while three writers begin one transaction after the other', async () => {
  const file = join(dataFolder(), 'crm.sqlite');
  const db = await openCrmDatabase(`sqlite:${file}`);
  let isDone = false;
  const write = async (writer: number) => {
    for (let n = 0; !isDone; n++)
      await db.transaction().execute(async (trx) => {
        await trx
          .insertInto('importReference')
          .values({ reference: `${writer} ${n}` })
          .execute();
        await nextTurn();
      });
  };
  const writing = Promise.all([write(1), write(2), write(3)]);
  const backup = takeBackup({ 'crm.sqlite': file }, join(dataFolder(), 'backup'), options);
  await backup.finally(() => {
    isDone = true;
  });
  await writing;
  await db.destroy();
  expect((await backup).files).toMatchObject([{ name: 'crm.sqlite' }]);
});

it('a backup fails with the reason when its copying process cannot start', async () => {
  const file = join(dataFolder(), 'crm.sqlite');
  openSqlite(file).close();
  vi.stubEnv('NODE_OPTIONS', '--no-such-option');
  onTestFinished(() => void vi.unstubAllEnvs());
  const backup = takeBackup({ 'crm.sqlite': file }, join(dataFolder(), 'backup'), options);
  await expect(backup).rejects.toThrow(`${file} is not copied: its process ended`);
});
