import { join } from 'node:path';
import { expect, it } from 'vitest';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { eventually } from './eventually.ts';
import { getJson, patchJson, postJson } from './http.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import { quirine } from './quirine.ts';
import { readPublishedEvents, startCrmOn } from './several-crms.ts';

const customers = 3;

const republish = async (url: string, ...args: string[]) => {
  const command = startProgram(process.execPath, [...programWords('crm/cli/republish.ts'), ...args], {
    CRM_URL: url,
  });
  const code = await command.ended;
  return `${command.output()}exit code ${code}`;
};
const waitUntilPublished = (url: string) =>
  eventually(async () => expect((await getJson(`${url}/status`)).body).toMatchObject({ outbox: { waiting: 0 } }));

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
  await waitUntilPublished(crm.url);
  const before = readLastRecords(folder);
  expect(await republish(crm.url, '--customer', '1')).toMatch(
    /^The record of customer 1 is published with revision \d+\.\nexit code 0$/,
  );
  expect(await republish(crm.url, '--customer', '2')).toBe('The erasure of customer 2 is published.\nexit code 0');
  expect(await republish(crm.url, '--customer', '42')).toMatch(
    /answered 404: There is no customer 42 to publish\..*exit code 1/s,
  );
  expect(await republish(crm.url, '--all-customers')).toBe('2 customers are published.\nexit code 0');
  await waitUntilPublished(crm.url);

  const after = readLastRecords(folder);
  expect(after.get('2')).toBeUndefined();
  for (const id of ['1', '3']) {
    expect(after.get(id).data).toEqual(before.get(id).data);
    expect(Number(after.get(id).sequence)).toBeGreaterThan(Number(before.get(id).sequence));
  }
  expect(await crm.end('SIGTERM')).toBe(0);
});

it('npm run republish -- --all-mandates publishes every present mandate once, with a higher revision', async () => {
  const folder = dataFolder();
  const crm = await startCrmOn(`sqlite:${join(folder, 'crm.sqlite')}`, folder);
  const mandates = ['0', '1', '2'];
  for (const connectionMandate of mandates)
    await postJson(`${crm.url}/customers`, { ...quirine, connectionId: `A-${connectionMandate}`, connectionMandate });
  await patchJson(`${crm.url}/customers/1`, { connectionMandate: '1' });
  await postJson(`${crm.url}/customers/2/erasure`, { customerId: '2' });
  await waitUntilPublished(crm.url);
  const before = readPublishedEvents(folder);
  expect(await republish(crm.url, '--all-mandates')).toBe('3 mandates are published.\nexit code 0');
  await waitUntilPublished(crm.url);
  const again = readPublishedEvents(folder).filter(({ id }) => !before.some((event) => event.id === id));
  // The erased customer allows nothing any more.
  expect(Object.fromEntries(again.map(({ subject, mandate }) => [subject, mandate]))).toEqual({
    'A-0': '1',
    'A-1': '0',
    'A-2': '2',
  });
  expect(again).toHaveLength(3);
  for (const { subject, revision } of again) {
    const earlier = before.filter((event) => event.subject === subject).map((event) => event.revision);
    expect(revision).toBeGreaterThan(Math.max(...earlier));
  }
  expect(await crm.end('SIGTERM')).toBe(0);
  expect(await republish(crm.url, '--all-mandates')).toMatch(/does not answer.*exit code 1$/s);
});
