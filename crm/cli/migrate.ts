import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportFailure } from '../../packages/cli/report-failure.ts';
import { readCrmConfig } from '../config.ts';
import { listPendingMigrations, openCrmDatabase, showDatabaseUrl } from '../database/index.ts';

const help = `Runs the pending migrations of the CRM's database, as every start of the CRM does.

  npm run migrate                 prints the name of each pending migration and runs it
  npm run migrate -- --dry-run    only prints the names of the pending migrations

Environment
  CRM_DATABASE_URL  sqlite: and a file, or mysql://user:password@host:port/database (default: sqlite:DATA_DIR/crm.sqlite)
  DATA_DIR          the data folder of npm start (default: .data)`;

const main = async (): Promise<void> => {
  const options = { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options });
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

main().catch(reportFailure);
