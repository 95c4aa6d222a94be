import { join } from 'node:path';
import { parseOptions } from '../../packages/cli/options.ts';
import { runMain } from '../../packages/cli/run-main.ts';
import { showDatabaseUrl } from '../../packages/database/database-url.ts';
import { readCrmConfig } from '../config.ts';
import { listPendingMigrations, openCrmDatabase } from '../database/index.ts';

const help = `Usage: npm run migrate -- [--dry-run]
Runs the pending migrations of the CRM's database and prints their names, as every start of the CRM does.

Options
  --dry-run         only prints the names of the pending migrations
  --help            shows this text

Environment
  CRM_DATABASE_URL  sqlite:FILE or mysql://user:password@host:port/database (default: sqlite:DATA_DIR/crm.sqlite)
  DATA_DIR          the data folder of npm start (default: .data)

Examples
  npm run migrate -- --dry-run

Exit codes
  0  the schema is up to date, or the names are printed
  1  a migration failed; the message says what to do`;

const main = async (): Promise<void> => {
  const options = { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parseOptions('npm run migrate', { options });
  if (values.help) return console.log(help);
  const file = `sqlite:${join(process.env.DATA_DIR || '.data', 'crm.sqlite')}`;
  const { databaseUrl } = readCrmConfig({ CRM_DATABASE_URL: process.env.CRM_DATABASE_URL || file });
  if (databaseUrl === 'memory')
    throw new Error('CRM_DATABASE_URL=memory has nothing to migrate: set it to a file or a MySQL database.');

  console.log(showDatabaseUrl(databaseUrl));
  const reported: string[] = [];
  const report = (verb: string) => (migration: string) => {
    reported.push(migration);
    console.log(`  ${verb} ${migration}`);
  };
  if (values['dry-run']) (await listPendingMigrations(databaseUrl)).forEach(report('missing'));
  else await openCrmDatabase(databaseUrl, report('running')).then((db) => db.destroy());
  if (reported.length === 0) console.log('  up to date');
  else if (!values['dry-run']) console.log('  done');
};

await runMain(main);
