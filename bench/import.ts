import { basename, resolve } from 'node:path';
import { chooseNames, parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { root } from '../tests/platform-process.ts';
import {
  type DatabaseName,
  databaseNames,
  type ImportRun,
  measureImport,
  prepareCustomersFile,
} from './import/measure-import.ts';

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

const progress = (text: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);

const formatRun = (database: DatabaseName, checkout: string, rows: number, run: ImportRun) => {
  const usage = Object.entries(run.usage);
  return {
    database,
    checkout: basename(checkout),
    'rows/s': Math.round(rows / run.seconds),
    'import alone': Math.round(rows / run.importSeconds),
    'CRM, MB': Math.round(run.usage.crm?.megabytes ?? 0),
    ...Object.fromEntries(
      run.latencies.map(({ name, p50, p99, max }) => [name, `${[p50, p99, max].map(Math.round).join('/')} ms`]),
    ),
    'CPU, µs a row': usage
      .map(([name, { cores }]) => `${name} ${((cores * run.seconds * 1e6) / rows).toFixed(0)}`)
      .join(', '),
  };
};

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
  const only = chooseNames('--only', values.only, databaseNames);
  const file = await prepareCustomersFile(rows, seed);
  const { removeEarlierRuns, startParts, stopParts } = await import('./stack/stack.ts');
  try {
    await removeEarlierRuns();
    await startParts(only.includes('mysql') ? ['kafka', 'mysql'] : ['kafka'], progress);
    const results: ReturnType<typeof formatRun>[] = [];
    for (const database of only)
      for (let run = 0; run < runs; run++)
        for (const checkout of checkouts) {
          const onProgress = (done: number) => progress(`${database}: ${done} rows`);
          results.push(formatRun(database, checkout, rows, await measureImport(database, file, checkout, onProgress)));
        }
    console.log(formatTable(results));
  } finally {
    await stopParts();
  }
};

await runMain(main);
process.exit();
