import { chooseNames, parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import {
  type DatabaseName,
  databaseNames,
  type ImportRun,
  measureImport,
  prepareCustomersFile,
} from './import/measure-import.ts';
import { readCommit } from './options.ts';

const help = `Usage: npm run bench:import -- [OPTIONS]
Measures an import of customers through POST /imports of a CRM with a sidecar, until Kafka has acknowledged the last event.

It runs on a stack of its own, on SQLite and on MariaDB, and prints rows/s of the import alone and up to the last event, the peak
memory of the CRM, CPU time, and the latencies of requests meanwhile (median/99th percentile/maximum). Run nothing else on the machine.

Options
  --rows N       rows of the file (default: 1000000)
  --only NAME    sqlite or mysql (default: both)
  --seed N       seed of the generated customers (default: 1)
  --runs N       repeats each measurement (default: 1)
  --compare COMMIT
                 also measures another version of this project, in turns with this one
  --help         shows this text

Environment
  BENCH_PORTS    base of the ports of the stack (default: 25000)

Examples
  npm run bench:import -- --rows 100000 --only sqlite
  npm run bench:import -- --rows 100000 --compare HEAD~10

Exit codes
  0  both databases, or the chosen one, are measured
  1  the import failed`;

const progress = (text: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);

const formatRun = (database: DatabaseName, version: string, rows: number, run: ImportRun) => {
  const usage = Object.entries(run.usage);
  return {
    database,
    version,
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
      compare: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const rows = readNumber('--rows', values.rows, 1);
  const seed = readNumber('--seed', values.seed, 0);
  const runs = readNumber('--runs', values.runs, 1);
  const only = chooseNames('--only', values.only, databaseNames);
  const { addComparedCheckout, describeCommit, removeComparedCheckout, thisCheckout } = await import(
    './stack/checkout.ts'
  );
  const compared = values.compare === undefined ? undefined : await describeCommit(readCommit(values.compare));
  const { removeEarlierRuns, startParts, stopParts } = await import('./stack/stack.ts');
  const stop = () => Promise.all([stopParts(), ...(compared ? [removeComparedCheckout()] : [])]);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  try {
    const checkouts = [...(compared ? [await addComparedCheckout(compared.id, progress)] : []), thisCheckout];
    const file = await prepareCustomersFile(rows, seed);
    await removeEarlierRuns();
    await startParts(only.includes('mysql') ? ['kafka', 'mysql'] : ['kafka'], progress);
    const results: ReturnType<typeof formatRun>[] = [];
    for (const database of only)
      for (let run = 0; run < runs; run++)
        for (const { title, folder } of checkouts) {
          const onProgress = (done: number) => progress(`${database}: ${done} rows`);
          results.push(formatRun(database, title, rows, await measureImport(database, file, folder, onProgress)));
        }
    console.log(formatTable(results));
  } finally {
    await stop();
  }
};

await runMain(main);
process.exit();
