import { resolve } from 'node:path';
import { parseOptions } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { resolveTypedPath } from '../packages/runtime/project-folder.ts';
import { locateDatabaseFiles } from './backup/files.ts';
import { restoreBackup } from './backup/restore-backup.ts';

const help = `Usage: npm run restore -- FOLDER [--stopped]
Replaces the SQLite databases of the stopped platform by those of a backup.

The backup is checked before a database is replaced. If the restore is killed, either nothing has changed or no service starts
until the next npm run restore has finished it. Changes made since the backup are lost: take a backup of them first.

Options
  --stopped         confirms that the platform is stopped, where a database is too damaged to tell whether it is in use
  --help            shows this text

Environment
  DATA_DIR          folder of the data (default: .data)
  CRM_DATABASE_URL  database of the CRM (default: sqlite:DATA_DIR/crm.sqlite)
  CUSTOMER_VIEW_DATABASE_URL
                    database of the customer-view (default: sqlite:DATA_DIR/customer-view.sqlite)

Examples
  npm run restore -- backups/2026-11-26

Exit codes
  0  all databases of the backup are restored
  1  the restore was refused or failed; the message says what to do`;

const main = async (): Promise<void> => {
  const options = { help: { type: 'boolean' }, stopped: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseOptions('npm run restore', { allowPositionals: true, options });
  if (values.help) return console.log(help);
  const [typed, ...more] = positionals;
  if (!typed || more.length > 0)
    throw new Error('Name the folder of one backup: npm run restore -- FOLDER (see npm run restore -- --help).');
  const print = (line: string) => console.log(line);
  const { takenAt, files } = await restoreBackup(
    resolve(resolveTypedPath(typed, process.env)),
    locateDatabaseFiles(process.env),
    {
      isStopped: values.stopped,
      print,
    },
  );
  print(`Restored ${files.map(({ name }) => name).join(', ')} as of ${takenAt}. Start the platform: npm start`);
  print('A view in another store and a log in Kafka are newer than the restored data: see docs/backup.md.');
};

await runMain(main);
