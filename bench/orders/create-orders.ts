import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSample } from '../../scripts/orders/create-sample.ts';
import { getJson } from '../../tests/http.ts';
import { startProcess, waitForOutput } from '../../tests/platform-process.ts';
import { writeCustomers } from '../import/customers-file.ts';
import { type Load, loadHttp } from '../measure/http-load.ts';
import { quantile } from '../measure/statistics.ts';
import { createEmptyDatabase, type DatabaseName } from './databases.ts';

const customers = 1_000;
const pollEveryMs = 20;

type Requests = () => Parameters<typeof loadHttp>[1] extends () => infer Request ? Request : never;

/**
 * Measures `POST /orders` of a CRM in its own process, over one and over 32 connections, and `POST /customers`. The CRM
 * publishes to the log in a file; the rate until the log has every event includes the time after the last answer.
 */
export const measureCreation = async (
  database: DatabaseName,
  folder: string,
  { seconds, seed }: { seconds: number; seed: number },
): Promise<Record<string, string | number>[]> => {
  const file = join(folder, 'customers.csv');
  await writeCustomers(file, customers, seed);
  const env = {
    CRM_DATABASE_URL: await createEmptyDatabase(database, folder, 'crm'),
    DATA_DIR: folder,
    CUSTOMERS_CSV: file,
    NODE_ENV: 'production',
  };
  const crm = startProcess('crm/main.ts', env);
  try {
    const [url = ''] = await waitForOutput(crm, /"url":"(http[^"]+)"/);
    await waitUntilPublished(url);
    const { hostname: host, port } = new URL(url);
    const measure = async (what: string, connections: number, requests: Requests) => {
      const began = performance.now();
      const load = await loadHttp({ host, port: Number(port), connections, seconds }, requests);
      await waitUntilPublished(url);
      return toRow(database, what, connections, { ...load, publishedSeconds: (performance.now() - began) / 1000 });
    };
    const newOrders = createOrderRequests(seed);
    await loadHttp({ host, port: Number(port), connections: 32, seconds: 1 }, newOrders); // warms up the JIT compilers
    return [
      await measure('POST /orders', 1, newOrders),
      await measure('POST /orders', 32, newOrders),
      await measure('POST /customers', 32, createCustomerRequests(seed)),
    ];
  } finally {
    await crm.end('SIGTERM');
  }
};

const createOrderRequests = (seed: number): Requests => {
  const customerIds = Array.from({ length: customers }, (_, n) => String(n + 1));
  let n = 0;
  return () => {
    const { body } = createSample(seed, n++, customerIds);
    return { path: '/orders', json: body, status: 201, isCorrect: (answer) => answer.includes('"version":1') };
  };
};

const createCustomerRequests = (seed: number): Requests => {
  let n = 0;
  return () => {
    const connectionId = String(872_000_000_000_000_000n + BigInt(seed * 10_000_000 + n++));
    const json = { firstName: 'Eva', lastName: 'Vos', city: 'Ede', connectionId, connectionMandate: '1' };
    return { path: '/customers', json, status: 201, isCorrect: (answer) => answer.includes(connectionId) };
  };
};

const waitUntilPublished = async (url: string): Promise<void> => {
  for (;;) {
    const { outbox } = (await getJson(`${url}/status`)).body as { outbox: { waiting: number } };
    if (outbox.waiting === 0) return;
    await delay(pollEveryMs);
  }
};

const toRow = (
  database: DatabaseName,
  what: string,
  connections: number,
  { requests, seconds, latenciesMs, publishedSeconds }: Load & { publishedSeconds: number },
) => ({
  database,
  what,
  connections,
  'answered/s': Math.round(requests / seconds),
  'in the log/s': Math.round(requests / publishedSeconds),
  'p50, ms': quantile(latenciesMs, 0.5).toFixed(1),
  'p95, ms': quantile(latenciesMs, 0.95).toFixed(1),
  'p99, ms': quantile(latenciesMs, 0.99).toFixed(1),
});
