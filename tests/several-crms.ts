import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { topics } from '../contracts/topics.ts';
import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { eventually } from './eventually.ts';
import { getJson, postJson } from './http.ts';
import { dataFolder, startProcess, waitForOutput } from './platform-process.ts';

const customers = 4;
const changesPerCustomer = 40;

const customer = (n: number, change: number) => ({
  firstName: 'First',
  lastName: `Last ${n}`,
  city: `City ${change}`,
  connectionId: String(1000 + n),
  connectionMandate: String(change % 3),
});

/** Starts a CRM in its own process, on the embedded event bus in the folder. */
export const startCrmOn = async (databaseUrl: DatabaseUrl, folder: string, env: Record<string, string> = {}) => {
  const commonEnv = { CRM_DATABASE_URL: databaseUrl, DATA_DIR: folder, CUSTOMERS_CSV: 'none' };
  const crm = startProcess('crm/main.ts', { ...commonEnv, ...env });
  // A CRM of a failed test would publish the outbox of the next test.
  onTestFinished(async () => void (await crm.end('SIGKILL')));
  const [url = ''] = await waitForOutput(crm, /"url":"(http[^"]+)"/);
  return { ...crm, url };
};

type Published = { id: string; subject: string; revision: number; mandate: string };

/** Reads all mandate events of the embedded event bus in the folder, by partition and offset. */
export const readPublishedEvents = (folder: string): Published[] => {
  const log = openSqlite(join(folder, 'platform.sqlite'));
  const ofMandates = 'SELECT cast(value AS text) AS value FROM record WHERE topic = ? ORDER BY partition, "offset"';
  const rows = log.prepare(ofMandates).all([topics.connectionMandates.name]) as { value: string }[];
  closeSqlite(log);
  return rows.map(({ value }) => {
    const { id, subject, sequence, data } = JSON.parse(value);
    return { id, subject, revision: Number(sequence), mandate: data.connectionMandate };
  });
};

/** Registers and changes the same customers through two CRMs on one database at the same time, and checks versions and events. */
export const changeCustomersOnTwoCrms = async (databaseUrl: DatabaseUrl): Promise<void> => {
  const folder = dataFolder();
  const crms = await Promise.all([startCrmOn(databaseUrl, folder), startCrmOn(databaseUrl, folder)]);
  const each = Array.from({ length: customers }, (_, n) => n);

  const registered = await Promise.all(
    each.flatMap((n) => crms.map(({ url }) => postJson(`${url}/customers`, customer(n, 0)))),
  );
  expect(registered.map(({ status }) => status).sort()).toEqual([...each.map(() => 201), ...each.map(() => 409)]);
  const created = await Promise.all(registered.filter(({ status }) => status === 201).map((answer) => answer.json()));
  expect(new Set(created.map(({ customerId }) => customerId)).size).toBe(customers);

  for (const { customerId, connectionId } of created) {
    const n = Number(connectionId) - 1000;
    const change = async (nth: number) => {
      const { url } = crms[nth % 2] as { url: string };
      const answer = await postJson(`${url}/customers/${customerId}`, customer(n, nth + 1));
      expect(answer.status).toBe(200);
      return (await answer.json()).version;
    };
    const versions = await Promise.all(Array.from({ length: changesPerCustomer }, (_, nth) => change(nth)));
    // Each change has its own version, so no update was lost.
    expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: changesPerCustomer }, (_, nth) => nth + 2));
  }

  const readOutbox = async () => (await getJson(`${crms[0].url}/status`)).body.outbox;
  await eventually(async () => expect(await readOutbox()).toMatchObject({ waiting: 0 }));
  const published = readPublishedEvents(folder);
  const distinct = (of: (event: Published) => unknown) => new Set(published.map(of)).size;
  const changes = distinct(({ subject, revision }) => `${subject} ${revision}`);
  expect([distinct(({ id }) => id), distinct((event) => JSON.stringify(event))]).toEqual([changes, changes]);
  for (const { customerId, connectionId } of created) {
    const held = (await getJson(`${crms[1].url}/customers/${customerId}`)).body;
    const [last] = published.filter(({ subject }) => subject === connectionId).sort((a, b) => b.revision - a.revision);
    expect([held.version, held.connectionMandate]).toEqual([changesPerCustomer + 1, last?.mandate]);
  }
  expect(await Promise.all(crms.map((crm) => crm.end('SIGTERM')))).toEqual([0, 0]);
};
