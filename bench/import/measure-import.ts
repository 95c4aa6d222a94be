import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { topics } from '../../contracts/topics.ts';
import { followImport, sendFile } from '../../crm/cli/import/through-crm.ts';
import { getJson } from '../../tests/http.ts';
import { type Latency, startProbes } from '../blocking/probe.ts';
import { startMeasuring, type Usage } from '../measure/usage.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { mysqlAccess, withMysql } from '../stack/stores.ts';
import { writeCustomers } from './customers-file.ts';

const folder = resolve('.data/bench-import');
const sqlite = join(folder, 'crm.sqlite');

/** Creates an empty database of the CRM. @returns its CRM_DATABASE_URL */
const createDatabase = {
  sqlite: async () => {
    for (const file of [sqlite, `${sqlite}-wal`, `${sqlite}-shm`]) rmSync(file, { force: true });
    return `sqlite:${sqlite}`;
  },
  mysql: async () => {
    await withMysql(async (connection) => {
      await connection.query('DROP DATABASE IF EXISTS crm');
      await connection.query('CREATE DATABASE crm');
    });
    const { host, port, user, password } = mysqlAccess;
    return `mysql://${user}:${password}@${host}:${port}/crm`;
  },
};
export type DatabaseName = keyof typeof createDatabase;
export const databaseNames = Object.keys(createDatabase) as DatabaseName[];

/** A CSV file of customers. */
export type CustomersFile = { readonly path: string; readonly rows: number };

/** Writes a file of customers, unless an earlier run wrote it. */
export const prepareCustomersFile = async (rows: number, seed: number): Promise<CustomersFile> => {
  const unfinished = join(folder, 'unfinished.csv');
  const path = join(folder, `customers-${rows}-${seed}.csv`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    await writeCustomers(unfinished, rows, seed);
    renameSync(unfinished, path);
  }
  return { path, rows };
};

/** `seconds` until Kafka has acknowledged the last event, `importSeconds` until the import reports its end. */
export type ImportRun = { seconds: number; importSeconds: number; latencies: Latency[]; usage: Usage };

const publishedTopics = [topics.connectionMandates, topics.customers, topics.customerRegistrations];

/**
 * Imports the file with the CRM of the project in the folder `checkout`, and sends requests until the last event is in Kafka.
 * @param onProgress called with the number of imported rows
 */
export const measureImport = async (
  database: DatabaseName,
  { path, rows }: CustomersFile,
  checkout: string,
  onProgress: (rows: number) => void,
): Promise<ImportRun> => {
  const { countRecords, emptyLog } = await import('../stack/log.ts');
  const { startCrm } = await import('../stack/platform.ts');
  const { pidOf } = await import('../stack/stack.ts');
  await emptyLog();
  const env = { CRM_DATABASE_URL: await createDatabase[database](), CUSTOMERS_CSV: 'none', DATA_DIR: folder };
  const components = createComponentsFolder(join(checkout, 'dapr-components'), 'bench-import');
  const crm = await startCrm(components, env, checkout);
  try {
    await waitForStatus(`${crm.url}/readyz`);
    const pids = { crm: crm.app.pid, daprd: crm.sidecar.pid, mysql: pidOf('mysql'), kafka: pidOf('kafka') };
    const used = startMeasuring(pids);
    const began = performance.now();
    const { importId } = await sendFile(crm.url, path, { dryRun: false, onConflict: 'skip' });
    const probes = waitForStatus(`${crm.url}/customers/7`).then(() => startProbes(crm.url));
    const job = await followImport(crm.url, importId, ({ progress: { rows: done } }) => onProgress(done));
    const importSeconds = (performance.now() - began) / 1000;
    const events = rows * publishedTopics.length;
    const countEvents = () => countRecords(publishedTopics.map(({ name }) => name));
    while ((await countEvents()) < events) await delay(200);
    const latencies = await (await probes).stop();
    while ((await countWaitingEvents(crm.url)) > 0) await delay(100);
    const seconds = (performance.now() - began) / 1000;
    if (job.created !== rows) throw new Error(`${job.created} created of ${rows}`);
    return { seconds, importSeconds, latencies, usage: used() };
  } finally {
    await crm.end();
  }
};

const waitForStatus = async (url: string) => {
  while ((await getJson(url)).status !== 200) await delay(20);
};

const countWaitingEvents = async (url: string) =>
  ((await getJson(`${url}/status`)).body.outbox as { waiting: number }).waiting;
