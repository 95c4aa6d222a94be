import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqlite } from '../packages/database/sqlite.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';

const migrate = async (env: Record<string, string>, ...args: string[]) => {
  const program = startProgram(process.execPath, [...programWords('crm/cli/migrate.ts'), ...args], env);
  const code = await program.ended;
  return { code, output: program.output() };
};

it('npm run migrate names the missing migrations, runs them once, and reports when there are none', async () => {
  const file = join(dataFolder(), 'crm.sqlite');
  const env = { CRM_DATABASE_URL: `sqlite:${file}` };
  const dry = await migrate(env, '--dry-run');
  expect(dry).toMatchObject({ code: 0, output: expect.stringContaining('missing 0001-customers-connections-outbox') });
  expect(existsSync(file)).toBe(false);
  const first = await migrate(env);
  expect(first.output).toBe(`${dry.output.replaceAll('missing', 'running')}  done\n`);
  expect(await migrate(env)).toEqual({ code: 0, output: `sqlite:${file}\n  up to date\n` });
});

it('npm run migrate refuses a database of a newer release, and a database in memory', async () => {
  const file = join(dataFolder(), 'crm.sqlite');
  const env = { CRM_DATABASE_URL: `sqlite:${file}` };
  await migrate(env);
  const database = openSqlite(file);
  database.prepare("insert into kysely_migration values ('9999-of-tomorrow', '2099-01-01')").run([]);
  database.close();
  expect(await migrate(env)).toMatchObject({ code: 1, output: expect.stringContaining('belongs to a newer release') });
  const inMemory = await migrate({ CRM_DATABASE_URL: 'memory' });
  expect(inMemory).toMatchObject({ code: 1, output: expect.stringContaining('nothing to migrate') });
});
