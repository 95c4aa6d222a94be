import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson } from './http.ts';
import { dataFolder, type RunningProcess, startPlatform, startProcess } from './platform-process.ts';

let platform: RunningProcess & { readonly crm: string };
beforeAll(async () => {
  platform = await startPlatform({ DATA_DIR: dataFolder() });
});
afterAll(() => platform.end('SIGTERM'));

const folder = dataFolder();
const database = `sqlite:${join(folder, 'crm.sqlite')}`;
const write = (name: string, bytes: Buffer) => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};
const run = async (...args: string[]) => {
  const command = startProcess('crm/cli/import.ts', { CRM_DATABASE_URL: database, DATA_DIR: folder }, args);
  return { code: await command.ended, output: command.output() };
};

const header = 'firstName,lastName,city,connectionId,connectionMandate';
const polish = write(
  'polish.csv',
  Buffer.from(`${header}\n\xa3ucja,Vos,Delft,PL1,1\nEwa,Vos,\xa3\xf3d\x9f,PL2,7\n`, 'latin1'),
);

describe.each(['through a CRM', 'without a CRM'])('npm run import %s', (way) => {
  const target = () => (way === 'without a CRM' ? ['--direct'] : ['--crm', platform.crm]);

  it('reads a file in its declared encoding, and the corrected rows with the same option', async () => {
    const refused = join(folder, `${way}.csv`);
    const options = ['--encoding', 'cp1250', ...target()];
    const { code, output } = await run(polish, '--refused', refused, ...options);
    expect(output).toContain('1 created, 0 updated, 0 unchanged, 0 skipped, 1 refused');
    expect(code).toBe(2);
    writeFileSync(refused, readFileSync(refused, 'utf8').replace(',7', ',2'));
    expect((await run(refused, ...options)).output).toContain('1 created');
    expect((await run(polish, '--refused', join(folder, 'again.csv'), ...options)).output).toContain('1 unchanged');
    expect((await run(refused, ...options)).output).toContain('1 unchanged');
  });

  it('names a file that is not CSV, with what to do, and imports nothing', async () => {
    const file = write(`compressed ${way}.csv`, gzipSync(readFileSync(polish)));
    const { code, output } = await run(file, ...target());
    expect(code).toBe(1);
    expect(output).toMatch(/The file is not CSV: it is a gzip file\. Remedy: decompress it/);
    expect(existsSync(`${file}.refused.csv`)).toBe(false);
  });
});

it('has imported the names with their letters', async () => {
  const { body } = await getJson(`${platform.crm}/customers?name=Vos`);
  const names = (body.items as { firstName: string; city: string }[]).map(({ firstName, city }) => [firstName, city]);
  expect(names).toEqual([
    ['Ewa', 'Łódź'],
    ['Łucja', 'Delft'],
  ]);
});

it('npm start names a file of CUSTOMERS_CSV that is not CSV, with what to do', async () => {
  const file = write('start.csv', gzipSync(readFileSync(polish)));
  const start = startProcess('scripts/start.ts', { CUSTOMERS_CSV: file, DATA_DIR: dataFolder() });
  expect(await start.ended).toBe(1);
  expect(start.output()).toMatch(/start\.csv: The file is not CSV: it is a gzip file\. Remedy: decompress it/);
});
