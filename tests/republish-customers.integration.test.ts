import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { getJson, postJson } from './http.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import { quirine } from './quirine.ts';
import { startCrmOn } from './several-crms.ts';

const customers = 3;

/** The last record of each key of customers-topic: the state's version, or undefined for a tombstone. */
const readLastRecords = (folder: string) => {
  const log = openSqlite(join(folder, 'platform.sqlite'));
  const rows = log
    .prepare(
      `SELECT key, cast(value AS text) AS value FROM record WHERE topic = 'customers-topic' ORDER BY partition, "offset"`,
    )
    .all([]) as { key: string; value: string }[];
  closeSqlite(log);
  return new Map(rows.map(({ key, value }) => [key, value === '' ? undefined : JSON.parse(value)]));
};

it('npm run republish publishes one customer, an erasure, or all customers again', async () => {
  const folder = dataFolder();
  const crm = await startCrmOn(`sqlite:${join(folder, 'crm.sqlite')}`, folder);
  for (let n = 1; n <= customers; n++) await postJson(`${crm.url}/customers`, { ...quirine, connectionId: `${n}` });
  await postJson(`${crm.url}/customers/2/erasure`, { customerId: '2' });
  const republish = async (...args: string[]) => {
    const command = startProgram(process.execPath, [...programWords('crm/cli/republish.ts'), ...args], {
      CRM_URL: crm.url,
    });
    const code = await command.ended;
    return `${command.output()}exit code ${code}`;
  };
  const waitUntilPublished = () =>
    vi.waitFor(
      async () => expect((await getJson(`${crm.url}/status`)).body).toMatchObject({ outbox: { waiting: 0 } }),
      { timeout: 10_000, interval: 20 },
    );
  await waitUntilPublished();
  const before = readLastRecords(folder);
  expect(await republish('--customer', '1')).toMatch(
    /^The record of customer 1 is published with revision \d+\.\nexit code 0$/,
  );
  expect(await republish('--customer', '2')).toBe('The erasure of customer 2 is published.\nexit code 0');
  expect(await republish('--customer', '42')).toMatch(
    /answered 404: There is no customer 42 to publish\..*exit code 1/s,
  );
  expect(await republish('--all-customers')).toBe('2 customers are published.\nexit code 0');
  await waitUntilPublished();

  const after = readLastRecords(folder);
  expect(after.get('2')).toBeUndefined();
  for (const id of ['1', '3']) {
    expect(after.get(id).data).toEqual(before.get(id).data);
    expect(Number(after.get(id).sequence)).toBeGreaterThan(Number(before.get(id).sequence));
  }
  expect(await crm.end('SIGTERM')).toBe(0);
});
