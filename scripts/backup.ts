import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../packages/cli/progress.ts';
import { reportFailure } from '../packages/cli/report-failure.ts';
import { databaseFiles, existingFiles } from './backup/files.ts';
import { takeBackup } from './backup/take-backup.ts';

const help = `Copies the databases of npm start, the CRM's and the log's, as they are at one moment; also while it runs.

  npm run backup -- FOLDER    a new folder with crm.sqlite, platform.sqlite and manifest.json; one that is there is refused

The copies are checked before the folder gets its name. They hold personal data: only their owner may read them, and an
erasure does not reach them. npm run restore puts them back; docs/backup.md says how often, and what with MySQL and Kafka.

Options    --help
Variables  DATA_DIR (.data)   CRM_DATABASE_URL (sqlite:DATA_DIR/crm.sqlite)`;

const showProgress = () => {
  const display = createProgress(process.stderr);
  display.begin('copying');
  return (done: number, total: number) => {
    display.update([{ name: 'copying', done, total, unit: 'bytes' }]);
    if (done === total) display.end();
  };
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });
  if (values.help) return console.log(help);
  const [folder, ...more] = positionals;
  if (!folder || more.length > 0) throw new Error('Into which folder? npm run backup -- FOLDER (--help tells more).');
  const files = existingFiles(databaseFiles(process.env));
  const { version: release } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const manifest = await takeBackup(files, resolve(folder), { release, now: Date.now, progress: showProgress() });
  for (const { name, bytes, sha256 } of manifest.files)
    console.log(`${name}  ${bytes.toLocaleString('en')} bytes  sha256 ${sha256}`);
  if (!files['platform.sqlite'])
    console.log('There is no platform.sqlite: a log in Kafka is not in this backup (docs/backup.md).');
  console.log(`${folder} has the data of ${manifest.takenAt}.`);
};

main().catch(reportFailure);
