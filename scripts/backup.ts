import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseOptions } from '../packages/cli/options.ts';
import { createProgress } from '../packages/cli/progress.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { resolveTypedPath } from '../packages/runtime/project-folder.ts';
import { findExistingFiles, locateDatabaseFiles } from './backup/files.ts';
import { takeBackup } from './backup/take-backup.ts';

const help = `Usage: npm run backup -- FOLDER
Copies the SQLite databases of the CRM, the embedded log and the customer-view as of one point in time, also while the platform
runs.

FOLDER must not exist. It receives crm.sqlite, platform.sqlite, customer-view.sqlite and manifest.json, and gets its name after the
copies were checked.
The copies contain personal data that a later erasure does not remove; only their owner can read them.
npm run restore puts a backup in place. docs/backup.md describes backups with MySQL and Kafka.

Options
  --help            shows this text

Environment
  DATA_DIR          folder of the data (default: .data)
  CRM_DATABASE_URL  database of the CRM (default: sqlite:DATA_DIR/crm.sqlite)
  CUSTOMER_VIEW_DATABASE_URL
                    database of the customer-view (default: sqlite:DATA_DIR/customer-view.sqlite); only a file is copied

Examples
  npm run backup -- backups/2026-11-26

Exit codes
  0  the backup is complete
  1  there is no backup; the message says why`;

const showProgress = () => {
  const display = createProgress(process.stderr);
  display.begin('copying');
  return (done: number, total: number) => {
    display.update([{ name: 'copying', done, total, unit: 'bytes' }]);
    if (done === total) display.end();
  };
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseOptions('npm run backup', {
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  });
  if (values.help) return console.log(help);
  const [typed, ...more] = positionals;
  if (!typed || more.length > 0)
    throw new Error('Name one folder for the backup: npm run backup -- FOLDER (see npm run backup -- --help).');
  const folder = resolveTypedPath(typed, process.env);
  const files = findExistingFiles(locateDatabaseFiles(process.env));
  const { version: release } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const manifest = await takeBackup(files, resolve(folder), { release, now: Date.now, progress: showProgress() });
  for (const { name, bytes, sha256 } of manifest.files)
    console.log(`${name}  ${bytes.toLocaleString('en')} bytes  sha256 ${sha256}`);
  if (!files['platform.sqlite'])
    console.log('There is no platform.sqlite: this backup does not contain a log in Kafka (docs/backup.md).');
  console.log(`${folder} contains the data as of ${manifest.takenAt}.`);
};

await runMain(main);
