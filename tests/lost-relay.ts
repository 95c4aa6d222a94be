import { createServer } from 'node:net';
import { expect } from 'vitest';
import { connectCrmDatabase } from '../crm/database/index.ts';
import { readRelayLease } from '../crm/outbox/index.ts';
import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { eventually } from './eventually.ts';
import { getJson, postJson } from './http.ts';
import { dataFolder, waitForOutput } from './platform-process.ts';
import { readPublishedEvents, startCrmOn } from './several-crms.ts';

const customers = 20;
/** A registration has an event for the mandate, one for the customer and one for the registration. */
const events = 3 * customers;

/** Finds a port on which no process listens. */
const findClosedPort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

type Crm = Awaited<ReturnType<typeof startCrmOn>>;
type Outbox = { waiting: number; relayedBy: string | null };
type Scenario = {
  databaseUrl: DatabaseUrl;
  /** The environment of the CRM that is lost. */
  env?: Record<string, string>;
  /** Kills or pauses the CRM that holds the lease. */
  lose: (crm: Crm) => unknown;
};

export const fetchCrmStatus = async ({ url }: { url: string }) =>
  (await getJson(`${url}/status`)).body as { instance: string; outbox: Outbox };
export const fetchReadiness = async ({ url }: { url: string }) => {
  const { status, body } = await getJson(`${url}/readyz`);
  return { status, checks: body.checks as Record<string, string> };
};

/** Starts a CRM whose event bus is unavailable, because its sidecar does not answer. */
export const startCrmWithoutBus = async (databaseUrl: DatabaseUrl, folder: string, env: Record<string, string> = {}) =>
  startCrmOn(databaseUrl, folder, { ...env, DAPR_HTTP_PORT: String(await findClosedPort()) });

export const fillOutbox = async ({ url }: Crm) => {
  for (let n = 0; n < customers; n++) {
    const customer = { firstName: 'First', lastName: 'Last', city: 'Delft', connectionId: String(1_000 + n) };
    expect((await postJson(`${url}/customers`, { ...customer, connectionMandate: '1' })).status).toBe(201);
  }
};

/** Waits for the next renewal of the lease. */
export const waitForLeaseRenewal = async (databaseUrl: DatabaseUrl): Promise<void> => {
  const db = connectCrmDatabase(databaseUrl);
  const before = await readRelayLease(db);
  await eventually(async () => expect(await readRelayLease(db)).not.toEqual(before));
  await db.destroy();
};

/** Loses a CRM that holds the lease and cannot publish, and expects that another one on the same database publishes within 10 s. */
export const expectPublishedAfterLoss = async ({ databaseUrl, env = {}, lose }: Scenario): Promise<void> => {
  const folder = dataFolder();
  const lost = await startCrmWithoutBus(databaseUrl, folder, env);
  await fillOutbox(lost);
  await eventually(async () => {
    const { instance, outbox } = await fetchCrmStatus(lost);
    expect(outbox).toMatchObject({ waiting: events, relayedBy: instance });
  });
  await lose(lost);

  const next = await startCrmOn(databaseUrl, folder);
  await eventually(async () => expect((await fetchCrmStatus(next)).outbox.waiting).toBe(0), {
    timeout: 10_000,
  });
  expect(new Set(readPublishedEvents(folder).map(({ subject }) => subject)).size).toBe(customers);
  await waitForOutput(next, /relay lease taken over/);
  expect(await fetchReadiness(next)).toMatchObject({ status: 200, checks: { outbox: 'ok' } });
  // The outbox is empty, so the CRM releases the lease.
  await eventually(async () => expect((await fetchCrmStatus(next)).outbox.relayedBy).toBeNull());
  expect(await next.end('SIGTERM')).toBe(0);
};
