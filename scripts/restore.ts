import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { reportFailure } from '../packages/cli/report-failure.ts';
import { databaseFiles } from './backup/files.ts';
import { restoreBackup } from './backup/restore-backup.ts';

const help = `Puts the databases of a backup in place of those that are there. Stop the platform first.

  npm run restore -- FOLDER

The backup is checked before anything is replaced, and what is there is kept until all is replaced: killed at any point,
either all is as before or the next npm run restore finishes it, and no service starts in between. What was changed
since the backup is lost; to keep it, take a backup of it first.

Options    --stopped   the platform is stopped; needed only where a file is so damaged that it cannot tell
           --help
Variables  DATA_DIR (.data)   CRM_DATABASE_URL (sqlite:DATA_DIR/crm.sqlite)`;

const main = async (): Promise<void> => {
  const options = { help: { type: 'boolean' }, stopped: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  if (values.help) return console.log(help);
  const [folder, ...more] = positionals;
  if (!folder || more.length > 0) throw new Error('Which backup? npm run restore -- FOLDER (--help tells more).');
  const say = (line: string) => console.log(line);
  const { takenAt, files } = await restoreBackup(resolve(folder), databaseFiles(process.env), {
    isStopped: values.stopped,
    say,
  });
  say(`${files.map(({ name }) => name).join(' and ')} are as they were at ${takenAt}. Start the platform: npm start`);
  say('A view in another store, or a log in Kafka, is newer: see docs/backup.md.');
};

main().catch(reportFailure);
