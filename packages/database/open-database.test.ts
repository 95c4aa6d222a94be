import { expect, it } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { openDatabase } from './open-database.ts';

const open = (url: `sqlite:${string}` | `mysql://${string}`) =>
  openDatabase({ url, variable: 'OTHER_DATABASE_URL' }, async (db) => void (await db.introspection.getTables()));

it('an unusable file is reported with the variables that set its location', async () => {
  const opening = open(`sqlite:${dataFolder()}`);
  await expect(opening).rejects.toMatchObject({ name: 'ConfigError' });
  await expect(opening).rejects.toThrow('DATA_DIR and OTHER_DATABASE_URL set another location.');
});

it('a server that does not answer is reported with the variable and without the password', async () => {
  const opening = open('mysql://user:hunter2@127.0.0.1:1/other');
  await expect(opening).rejects.toThrow(/^OTHER_DATABASE_URL: mysql:\/\/user@127.0.0.1:1\/other cannot be used: /);
  await expect(opening).rejects.not.toThrow('hunter2');
});
