import {
  type DatabaseName,
  databaseNames,
  type ImportRun,
  measureImport,
  prepareCustomersFile,
} from '../import/measure-import.ts';
import { costOf, findTypical } from '../measure/cost.ts';
import type { Goal, Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';
import type { Scenario } from './scenario.ts';

const titles = { sqlite: 'SQLite', mysql: 'MariaDB or MySQL' };

/** Imports customers by the versions in turns, and measures requests of one customer meanwhile. */
export const imports: Scenario = async ({ seed, importRows, importRuns }, progress, checkouts) => {
  const file = await prepareCustomersFile(importRows, seed);
  const measured = databaseNames.flatMap((database) =>
    checkouts.map((checkout) => ({ database, checkout, runs: [] as ImportRun[] })),
  );
  for (let repeat = 1; repeat <= importRuns; repeat++)
    for (const { database, checkout, runs } of measured) {
      const about = `${checkout.title}, ${titles[database]}, ${repeat} of ${importRuns}`;
      runs.push(await measureImport(database, file, checkout.folder, (rows) => progress(`${about}: ${rows} rows`)));
    }
  return measured.flatMap(({ database, checkout, runs }) => createResults(database, checkout, importRows, runs));
};

const createResults = (
  database: DatabaseName,
  { id, title }: Checkout,
  rows: number,
  runs: readonly ImportRun[],
): Result[] => {
  const isOurs = id === 'ours';
  const of = (
    figure: string,
    what: string,
    unit: Result['unit'],
    value: (run: ImportRun) => number,
    goal?: Goal,
  ): Result => ({
    scenario: 'import',
    id: `${id}-${database}${figure}`,
    title: `import into ${titles[database]}${what}, ${title}`,
    configuration: `${rows} rows, until Kafka has acknowledged the last event`,
    unit,
    values: runs.map(value),
    ...(goal && isOurs && { goal }),
  });
  const typical = findTypical(runs, ({ seconds }) => seconds);
  const p99 = (request: string) => (run: ImportRun) => run.latencies.find(({ name }) => name === request)?.p99 ?? 0;
  return [
    { ...of('', '', 'rows/s', ({ seconds }) => rows / seconds), cost: costOf(typical, rows) },
    of('-memory', ': peak memory of the CRM', 'MB', ({ usage }) => usage.crm?.megabytes ?? 0, { atMost: 300 }),
    of('-get', ': 99th percentile of GET', 'ms', p99('GET /customers/7'), { atMost: 100 }),
    of('-patch', ': 99th percentile of PATCH', 'ms', p99('PATCH /customers/7'), { atMost: 100 }),
  ];
};
