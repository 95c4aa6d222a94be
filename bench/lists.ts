import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createCrmApp } from '../crm/app.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { watchOutbox } from '../crm/outbox/index.ts';
import { parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { isDatabaseUrl, showDatabaseUrl } from '../packages/database/database-url.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { listen } from '../packages/http/listen.ts';
import { resolveTypedPath } from '../packages/runtime/project-folder.ts';
import { createSilentTracer } from '../packages/runtime/tracing.ts';
import { createRandom, fillDatabase } from './lists/fill.ts';
import { measureLists } from './lists/measure-lists.ts';
import { writeSection } from './report/write-section.ts';

const help = `Usage: npm run bench:lists -- [OPTIONS]
Measures pages of every documented list of customers over HTTP, at random places, and prints a Markdown table.

Options
  --database URL  an empty database, as in CRM_DATABASE_URL, which keeps the customers (default: a temporary SQLite file)
  --rows N        number of customers (default: 1000000)
  --pages N       number of pages of each list (default: 200)
  --seed N        seed of the customers and of the pages (default: 1)
  --write         writes the table to docs/performance-crm.md
  --help          shows this text

Examples
  npm run bench:lists -- --rows 100000

Exit codes
  0  all lists are measured
  1  a request failed, or the database is not empty`;

const readOptions = () =>
  parseOptions('npm run bench:lists', {
    options: {
      database: { type: 'string' },
      rows: { type: 'string', default: '1000000' },
      pages: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

const main = async () => {
  const values = readOptions();
  if (values.help) return console.log(help);
  const [rows, pages] = [readNumber('--rows', values.rows, 1), readNumber('--pages', values.pages, 1)];
  const seed = readNumber('--seed', values.seed, 0);
  const folder = mkdtempSync(join(tmpdir(), 'bench-lists-'));
  const typed = values.database?.replace(/^sqlite:(.+)$/, (_, file) => `sqlite:${resolveTypedPath(file, process.env)}`);
  const url = typed ?? `sqlite:${join(folder, 'crm.sqlite')}`;
  if (!isDatabaseUrl(url))
    throw new Error(`--database ${url} is invalid: give sqlite:FILE or mysql://user:password@host:port/database`);
  const db = await openCrmDatabase(url);
  try {
    if (await db.selectFrom('customer').select('customerId').limit(1).executeTakeFirst())
      throw new Error(`${showDatabaseUrl(url)} has customers: give an empty database`);
    const started = performance.now();
    const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
    await fillDatabase(db, rows, seed, (done) =>
      process.stderr.write(`\r${done} of ${rows} customers, ${seconds()} s`),
    );
    process.stderr.write('\n');
    const log = pino({ level: 'warn' });
    const context = {
      db,
      now: Date.now,
      newId: randomUUID,
      onCommit: () => {},
      log,
      tracer: createSilentTracer(randomUUID),
    };
    const bus = openEmbeddedPlatform(':memory:', []).eventBus('crm');
    const outbox = watchOutbox(context);
    const app = createCrmApp({ ...context, bus, isDurable: true, imports: createImportQueue(context, folder), outbox });
    const server = await listen(app, { host: '127.0.0.1', port: 0, variable: 'APP_PORT' });
    const database = url.startsWith('mysql:') ? 'MariaDB or MySQL' : 'SQLite';
    const lines = ['| list | p50 | p95 | max |', '|---|---|---|---|'];
    for await (const { list, ...ms } of measureLists(db, server.url, { rows, pages, random: createRandom(seed + 1) })) {
      lines.push(`| ${list} | ${ms.p50.toFixed(1)} ms | ${ms.p95.toFixed(1)} ms | ${ms.max.toFixed(1)} ms |`);
      process.stderr.write(`${lines.at(-1)}\n`);
    }
    const table = lines.join('\n');
    console.log(`\n${rows} customers on ${database}, ${pages} pages of 100 of each list\n\n${table}`);
    if (values.write) {
      const named = values.database ? ` --database ${showDatabaseUrl(url)}` : '';
      const command = `npm run bench:lists --${named} --rows ${rows} --pages ${pages} --seed ${seed}`;
      writeSection('performance-crm.md', `lists on ${database}`, table, { command, date: new Date() });
    }
    await server.close();
    await outbox.close();
  } finally {
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
};

await runMain(main);
