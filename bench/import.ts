import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { followImport, sendFile } from '../crm/cli/import/through-crm.ts';
import { chooseNames, parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { getJson } from '../tests/http.ts';
import { writeCustomers } from './import/customers-file.ts';
import { quantile } from './measure/statistics.ts';
import { startMeasuring } from './measure/usage.ts';
import { createComponentsFolder } from './stack/components.ts';
import { ports } from './stack/ports.ts';

const help = `Usage: npm run bench:import -- [OPTIONS]
Measures an import of customers through POST /imports of a CRM with a sidecar, until Kafka has acknowledged the last event.

It runs on a stack of its own, on SQLite and on MariaDB, and prints rows/s of the import alone and up to the last event, the peak
memory of the CRM, and the latencies of a GET during the import. Run nothing else on the machine meanwhile.

Options
  --rows N       rows of the file (default: 1000000)
  --only NAME    sqlite or mysql (default: both)
  --seed N       seed of the generated customers (default: 1)
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

const measure = async (database: DatabaseName, file: string, rows: number) => {
  const { emptyLog, readEndOffsets } = await import('./stack/log.ts');
  const { startCrm } = await import('./stack/platform.ts');
  const { pidOf } = await import('./stack/stack.ts');
  await emptyLog();
  rmSync(join(folder, 'crm.sqlite'), { force: true });
  const env = { CRM_DATABASE_URL: await databases[database](), CUSTOMERS_CSV: 'none', DATA_DIR: folder };
  const crm = await startCrm(createComponentsFolder('dapr-components', 'bench-import'), env);
  try {
    await waitUntilReady(crm.url);
    const used = startMeasuring({
      crm: crm.app.pid,
      daprd: crm.sidecar.pid,
      mysql: pidOf('mysql'),
      kafka: pidOf('kafka'),
    });
    const requests = measureRequests(`${crm.url}/customers?limit=1`);
    const began = performance.now();
    const { importId } = await sendFile(crm.url, file, { dryRun: false, onConflict: 'skip' });
    const job = await followImport(crm.url, importId, ({ progress: { rows: done } }) =>
      progress(`${database}: ${done} rows`),
    );
    const importSeconds = (performance.now() - began) / 1000;
    const latencies = await requests.stop();
    while ((await countWaitingEvents(crm.url)) > 0) await delay(200);
    const seconds = (performance.now() - began) / 1000;
    const events = (await readEndOffsets()).reduce((sum, offset) => sum + offset, 0);
    if (job.created !== rows || events < rows) throw new Error(`${job.created} created, ${events} events of ${rows}`);
    const { crm: ours, ...others } = used();
    return {
      database,
      'rows/s': Math.round(rows / seconds),
      'import alone': Math.round(rows / importSeconds),
      'CRM, MB': Math.round(ours?.megabytes ?? 0),
      'GET p50, ms': Math.round(quantile(latencies, 0.5)),
      'GET p99, ms': Math.round(quantile(latencies, 0.99)),
      'GET max, ms': Math.round(Math.max(...latencies)),
      cores: [
        ['crm', ours?.cores ?? 0] as const,
        ...Object.entries(others).map(([name, { cores }]) => [name, cores] as const),
      ]
        .map(([name, cores]) => `${name} ${cores.toFixed(2)}`)
        .join(', '),
    };
  } finally {
    await crm.end();
  }
};

const waitUntilReady = async (url: string) => {
  while ((await getJson(`${url}/readyz`)).status !== 200) await delay(100);
};

const countWaitingEvents = async (url: string) =>
  ((await getJson(`${url}/status`)).body.outbox as { waiting: number }).waiting;

const requestEveryMs = 50;

/** Sends a request every 50 ms until `stop`, which returns the latencies in ms. */
const measureRequests = (url: string) => {
  const latencies: number[] = [];
  let stopped = false;
  const requests = (async () => {
    while (!stopped) {
      const began = performance.now();
      const { status } = await getJson(url);
      if (status !== 200) throw new Error(`${url} answered ${status}`);
      latencies.push(performance.now() - began);
      await delay(requestEveryMs);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await requests;
      return latencies;
    },
  };
};

const main = async () => {
  const { values } = parseOptions('npm run bench:import', {
    options: {
      rows: { type: 'string', default: '1000000' },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const rows = readNumber('--rows', values.rows, 1);
  const seed = readNumber('--seed', values.seed, 0);
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
    for (const database of only) results.push(await measure(database, file, rows));
    console.log(formatTable(results));
  } finally {
    await stopParts();
  }
};

await runMain(main);
process.exit();
