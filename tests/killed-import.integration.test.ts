import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CustomerState } from '../contracts/events/customer-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { dataFolder, startProcess, waitForOutput } from './platform-process.ts';

const customers = 6_000;
type StoredEvent = { subject: string; sequence: string; data: CustomerState };

const startCrm = async (folder: string) => {
  const databaseUrl = `sqlite:${join(folder, 'crm.sqlite')}`;
  const env = { CRM_DATABASE_URL: databaseUrl, DATA_DIR: folder, CUSTOMERS_CSV: 'none' };
  const crm = startProcess('crm/main.ts', env);
  onTestFinished(() => void crm.end('SIGKILL'));
  const [url = ''] = await waitForOutput(crm, /"url":"(http[^"]+)"/);
  return { crm, url };
};

it('an import and a relay that are killed three times import each row once, and publish its last state last', async () => {
  const folder = dataFolder();
  let { crm, url } = await startCrm(folder);
  const rows = Array.from({ length: customers }, (_, n) => `${n + 1},Eva,Vos,Delft,${n + 1},1`);
  const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
  const body = [header, ...rows].join('\n');
  const sent = await fetch(`${url}/imports`, { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body });
  const { importId } = (await sent.json()) as { importId: string };
  const readProgress = async () =>
    (await getJson(`${url}/imports/${importId}`)).body as { progress: { rows: number }; state: string };

  let imported = 0;
  for (let kill = 1; kill <= 3; kill++) {
    const atLeast = (customers * kill) / 5;
    await eventually(async () => expect((await readProgress()).progress.rows).toBeGreaterThan(atLeast));
    expect(await crm.end('SIGKILL')).toBe('SIGKILL');
    ({ crm, url } = await startCrm(folder));
    imported = (await readProgress()).progress.rows;
    expect(imported).toBeGreaterThan(atLeast);
  }
  await eventually(async () => expect(await readProgress()).toMatchObject({ state: 'finished' }));
  expect(await readProgress()).toMatchObject({ created: customers, refused: 0, skipped: 0 });
  const readWaiting = async () => ((await getJson(`${url}/status`)).body.outbox as { waiting: number }).waiting;
  await eventually(async () => expect(await readWaiting()).toBe(0));
  expect(await crm.end('SIGTERM')).toBe(0);

  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const stored = await db.selectFrom('customer').select(['customerId', 'version', 'revision']).execute();
  const evidence = await db.selectFrom('mandateChange').select(['connectionId', 'revision']).execute();
  await db.destroy();
  expect(stored.map(({ version }) => version)).toEqual(Array(customers).fill(1));
  expect(evidence).toHaveLength(customers);

  const log = openSqlite(join(folder, 'platform.sqlite'));
  const readLast = (topic: string) => {
    const select = 'SELECT cast(value AS text) AS value FROM record WHERE topic = ? ORDER BY partition, "offset"';
    const events = log.prepare(select).all([topic]) as { value: string }[];
    return new Map(
      events.map(({ value }) => JSON.parse(value) as StoredEvent).map(({ subject, sequence }) => [subject, sequence]),
    );
  };
  const states = readLast(topics.customers.name);
  const mandates = readLast(topics.connectionMandates.name);
  const registrations = readLast(topics.customerRegistrations.name);
  closeSqlite(log);
  const revisions = new Map(stored.map(({ customerId, revision }) => [String(customerId), String(revision)]));
  expect(states).toEqual(revisions);
  expect(registrations).toEqual(revisions);
  expect(mandates).toEqual(new Map(evidence.map(({ connectionId, revision }) => [connectionId, String(revision)])));
});
