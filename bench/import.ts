import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { topics } from '../contracts/topics.ts';
import { followImport, sendFile } from '../crm/cli/import/through-crm.ts';
import { chooseNames, parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { getJson } from '../tests/http.ts';
import { root } from '../tests/platform-process.ts';
import { startProbes } from './blocking/probe.ts';
import { writeCustomers } from './import/customers-file.ts';
import { startMeasuring } from './measure/usage.ts';
import { createComponentsFolder } from './stack/components.ts';
import { ports } from './stack/ports.ts';

const help = `Usage: npm run bench:import -- [OPTIONS]
Measures an import of customers through POST /imports of a CRM with a sidecar, until Kafka has acknowledged the last event.

It runs on a stack of its own, on SQLite and on MariaDB, and prints rows/s of the import alone and up to the last event, the peak
memory of the CRM, CPU time, and the latencies of requests meanwhile (median/99th percentile/maximum). Run nothing else on the machine.

Options
  --rows N       rows of the file (default: 1000000)
  --only NAME    sqlite or mysql (default: both)
  --seed N       seed of the generated customers (default: 1)
  --runs N       repeats each measurement (default: 1)
  --against DIR  measures another checkout of the project too, in turns with this one
  --help         shows this text

Environment
  BENCH_PORTS    base of the ports of the stack (default: 25000)

Examples
  npm run bench:import -- --rows 100000 --only sqlite

Exit codes
  0  both databases, or the chosen one, are measured
  1  the import failed`;

const folder = resolve('.data/bench-import');
const user = { user: 'connection-mandates', password: 'connection-mandates' };
const databases = {
  sqlite: async () => `sqlite:${join(folder, 'crm.sqlite')}`,
  mysql: async () => {
    const connection = await createConnection({ host: '127.0.0.1', port: ports.mysql, ...user });
    await connection.query('DROP DATABASE IF EXISTS crm');
    await connection.query('CREATE DATABASE crm');
    await connection.end();
    return `mysql://${user.user}:${user.password}@127.0.0.1:${ports.mysql}/crm`;
  },
};
type DatabaseName = keyof typeof databases;

const progress = (text: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);

const publishedTopics = [topics.connectionMandates, topics.customers, topics.customerRegistrations];

/** Imports `rows` customers with the CRM of the project in the folder `checkout`. */
const measure = async (database: DatabaseName, file: string, rows: number, checkout: string) => {
  const { countRecords, emptyLog } = await import('./stack/log.ts');
  const { startCrm } = await import('./stack/platform.ts');
  const { pidOf } = await import('./stack/stack.ts');
  await emptyLog();
  rmSync(join(folder, 'crm.sqlite'), { force: true });
  const env = { CRM_DATABASE_URL: await databases[database](), CUSTOMERS_CSV: 'none', DATA_DIR: folder };
  const components = createComponentsFolder(join(checkout, 'dapr-components'), 'bench-import');
  const crm = await startCrm(components, env, checkout);
  try {
    await waitUntilReady(crm.url);
    const pids = { crm: crm.app.pid, daprd: crm.sidecar.pid, mysql: pidOf('mysql'), kafka: pidOf('kafka') };
    const used = startMeasuring(pids);
    const began = performance.now();
    const { importId } = await sendFile(crm.url, file, { dryRun: false, onConflict: 'skip' });
    const probes = waitForCustomer(crm.url).then(() => startProbes(crm.url));
    const job = await followImport(crm.url, importId, ({ progress: { rows: done } }) =>
      progress(`${database}: ${done} rows`),
    );
    const importSeconds = (performance.now() - began) / 1000;
    const events = rows * publishedTopics.length;
    const countEvents = () => countRecords(publishedTopics.map(({ name }) => name));
    while ((await countEvents()) < events) await delay(200);
    const latencies = await (await probes).stop();
    while ((await countWaitingEvents(crm.url)) > 0) await delay(100);
    const seconds = (performance.now() - began) / 1000;
    if (job.created !== rows) throw new Error(`${job.created} created of ${rows}`);
    const usage = Object.entries(used());
    return {
      database,
      checkout: basename(checkout),
      'rows/s': Math.round(rows / seconds),
      'import alone': Math.round(rows / importSeconds),
      'CRM, MB': Math.round(usage.find(([name]) => name === 'crm')?.[1].megabytes ?? 0),
      ...Object.fromEntries(
        latencies.map(({ name, p50, p99, max }) => [name, `${[p50, p99, max].map(Math.round).join('/')} ms`]),
      ),
      'CPU, µs a row': usage
        .map(([name, { cores }]) => `${name} ${((cores * seconds * 1e6) / rows).toFixed(0)}`)
        .join(', '),
    };
  } finally {
    await crm.end();
  }
};

const waitUntilReady = async (url: string) => {
  while ((await getJson(`${url}/readyz`)).status !== 200) await delay(100);
};

const waitForCustomer = async (url: string) => {
  while ((await getJson(`${url}/customers/7`)).status !== 200) await delay(20);
};

const countWaitingEvents = async (url: string) =>
  ((await getJson(`${url}/status`)).body.outbox as { waiting: number }).waiting;

const main = async () => {
  const { values } = parseOptions('npm run bench:import', {
    options: {
      rows: { type: 'string', default: '1000000' },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '1' },
      against: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const rows = readNumber('--rows', values.rows, 1);
  const seed = readNumber('--seed', values.seed, 0);
  const runs = readNumber('--runs', values.runs, 1);
  const checkouts = [...(values.against === undefined ? [] : [resolve(values.against)]), root];
  const only = chooseNames('--only', values.only, Object.keys(databases) as DatabaseName[]);
  const unfinished = join(folder, 'unfinished.csv');
  const file = join(folder, `customers-${rows}-${seed}.csv`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    await writeCustomers(unfinished, rows, seed);
    renameSync(unfinished, file);
  }
  const { removeEarlierRuns, startParts, stopParts } = await import('./stack/stack.ts');
  try {
    await removeEarlierRuns();
    await startParts(only.includes('mysql') ? ['kafka', 'mysql'] : ['kafka'], progress);
    const results: Awaited<ReturnType<typeof measure>>[] = [];
    for (const database of only)
      for (let run = 0; run < runs; run++)
        for (const checkout of checkouts) results.push(await measure(database, file, rows, checkout));
    console.log(formatTable(results));
  } finally {
    await stopParts();
  }
};

await runMain(main);
process.exit();
