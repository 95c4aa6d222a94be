import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseNames, parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { measureCreation } from './orders/create-orders.ts';
import { type DatabaseName, databaseNames } from './orders/databases.ts';
import { measureHistoryByReplay } from './orders/measure-history.ts';
import { measureLoading } from './orders/measure-loading.ts';
import { measureMillion } from './orders/measure-million.ts';
import { measureReplay } from './orders/measure-replay.ts';
import { formatMarkdownTable } from './report/table.ts';
import { writeSection } from './report/write-section.ts';
import { startParts, stopParts } from './stack/stack.ts';

const help = `Usage: npm run bench:orders -- [OPTIONS]
Measures orders in the CRM and in the customer-view, on SQLite and on a MariaDB or MySQL that it starts.

Options
  --only NAMES    some scenarios, separated by commas (default: all)
  --on NAMES      SQLite, MariaDB or both, separated by a comma (default: both)
  --orders N      orders of the scenario lists (default: 1000000)
  --pages N       pages of each list, and as many later pages (default: 40)
  --events N      events of each view in the scenario replay (default: 100000)
  --seconds N     duration of each load in the scenario create (default: 10)
  --seed N        other work of the same size (default: 1)
  --write         writes the tables to docs/performance-orders.md
  --help          shows this text

Environment
  BENCH_PORTS     base of the ports of MariaDB or MySQL (default: 25000)

Examples
  npm run bench:orders -- --on SQLite --only lists --orders 100000

Exit codes
  0  all scenarios are measured
  1  a scenario failed

Scenarios
  create          orders created through the CRM's REST API
  replay          the rate at which views apply events, and one record at a time
  load            one order with 10,000 events, with and without a snapshot
  history         a page of a customer's orders, from the view and from the events of all orders of the customer
  lists           every list and report of orders, on many orders`;

const readArguments = () =>
  parseOptions('npm run bench:orders', {
    options: {
      only: { type: 'string' },
      on: { type: 'string' },
      orders: { type: 'string', default: '1000000' },
      pages: { type: 'string', default: '40' },
      events: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

type Rows = Record<string, string | number>[];
export type OrderBenchOptions = {
  readonly orders: number;
  readonly pages: number;
  readonly events: number;
  readonly seconds: number;
  readonly seed: number;
};
type Scenario = (database: DatabaseName, folder: string, options: OrderBenchOptions) => Promise<Rows>;

const scenarios: Record<string, Scenario> = {
  create: measureCreation,
  replay: measureReplay,
  load: measureLoading,
  history: measureHistoryByReplay,
  lists: measureMillion,
};

const main = async () => {
  const values = readArguments();
  if (values.help) return console.log(help);
  const chosen = chooseNames('--only', values.only, Object.keys(scenarios));
  const databases = chooseNames('--on', values.on, databaseNames);
  const options = {
    orders: readNumber('--orders', values.orders, 1),
    pages: readNumber('--pages', values.pages, 1),
    events: readNumber('--events', values.events, 1),
    seconds: readNumber('--seconds', values.seconds, 1),
    seed: readNumber('--seed', values.seed, 1),
  };
  const folder = mkdtempSync(join(tmpdir(), 'bench-orders-'));
  try {
    if (databases.includes('MariaDB')) await startParts(['mysql'], (line) => process.stderr.write(`${line}\n`));
    for (const scenario of chosen)
      for (const database of databases) {
        const rows = await (scenarios[scenario] as Scenario)(database, folder, options);
        const load = `load of the machine afterwards: ${loadavg()[0]?.toFixed(1)}`;
        console.log(`\n${scenario} on ${database}, ${load}\n\n${formatTable(rows)}`);
        const args = process.argv.slice(2).filter((arg) => arg !== '--write');
        const command = `npm run bench:orders${args.length > 0 ? ` -- ${args.join(' ')}` : ''}`;
        const text = `The ${load}.\n\n${formatMarkdownTable(rows)}`;
        if (values.write)
          writeSection('performance-orders.md', `${scenario} on ${database}`, text, { command, date: new Date() });
      }
  } finally {
    if (databases.includes('MariaDB')) await stopParts();
    rmSync(folder, { recursive: true, force: true });
  }
};

await runMain(main);
