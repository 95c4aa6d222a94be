import { revealCharacters } from '../../contracts/refused-characters.ts';
import { createProgress, formatCount } from '../../packages/cli/progress.ts';
import { runMain } from '../../packages/cli/run-main.ts';
import { formatTable } from '../../packages/cli/table.ts';
import type { CalledService } from '../../packages/http/call-service.ts';
import { readCrmConfig } from '../config.ts';
import type { ImportOptions } from '../imports/index.ts';
import { type DeleteArguments, readArguments } from './import/arguments.ts';
import { writeRefusedFile } from './import/refused-file.ts';
import {
  CrmUnreachable,
  deleteThroughCrm,
  fetchFirstRows,
  fetchRefusedRows,
  followImport,
  type Import,
  type ImportedRow,
  sendFile,
} from './import/through-crm.ts';
import { deleteDirectly, importDirectly } from './import/without-crm.ts';

const rowsShown = 20;

const help = `Usage: npm run import -- FILE [OPTIONS] | --delete ID [OPTIONS]
Imports customers from a CSV file through a running CRM, and writes the refused rows to a file to correct.

The first line names the columns: firstName,lastName,city,connectionId,connectionMandate, and optionally customerId, email,
phone, or usual Dutch, German and English names of these; other columns are ignored. A bad row does not stop the import, and a
file can be imported again. See docs/import.md.

Options
  --dry-run           validates all rows and changes nothing
  --on-conflict MODE  for a customer who exists and differs: skip the row, update the customer, or fail (default: skip)
  --encoding NAME     encoding of the file, such as windows-1250 (default: each row is UTF-8 or Windows-1252)
  --column NAME=FIELD the field that a column contains, such as klantcode=customerId; can be repeated
  --refused FILE      file for the refused rows (default: FILE.refused.csv); an existing file is kept, and a number is added
  --crm URL           the CRM (default: CRM_URL, else the running one: docs/configuration.md)
  --direct            imports into CRM_DATABASE_URL without a CRM; the events wait until a CRM runs on that database
  --delete ID         removes an import, its report and its file, and stops it if it waits or runs; imported customers stay
  --help              shows this text

Environment
  CRM_URL             the CRM (default: the one that runs on DATA_DIR, else http://localhost:3005)
  CRM_DATABASE_URL    the database for --direct: sqlite:FILE or mysql://user:password@host:port/database

Examples
  npm run import -- customers.csv --dry-run
  npm run import -- customers.csv --on-conflict update

Exit codes
  0  no row is refused
  1  the import failed; the message says what to do
  2  rows were refused`;

const main = async (): Promise<void> => {
  const args = readArguments(process.argv.slice(2), process.env);
  if (!args) return console.log(help);
  if ('deleteImport' in args) return withRemedy(args.crm, () => remove(args));
  const { crm, file, options, refusedFile } = args;
  await withRemedy(crm, () =>
    crm ? throughCrm(crm.url, file, options, refusedFile) : directly(file, options, refusedFile),
  );
};

const remove = async ({ deleteImport: importId, crm }: DeleteArguments) => {
  await (crm ? deleteThroughCrm(crm.url, importId) : deleteDirectly(durableDatabase(), importId));
  console.log(`The import ${importId} is removed.`);
};

/** Adds to the error that no CRM answers where its address is from, and what to do. */
const withRemedy = (crm: CalledService | undefined, work: () => Promise<void>): Promise<void> =>
  work().catch((error: Error) => {
    if (crm && error instanceof CrmUnreachable)
      error.message += `: ${crm.remedy} To import into CRM_DATABASE_URL without a CRM, use --direct.`;
    throw error;
  });

const durableDatabase = () => {
  const { databaseUrl } = readCrmConfig(process.env);
  if (databaseUrl === 'memory') throw new Error('--direct needs a durable database: set CRM_DATABASE_URL.');
  return databaseUrl;
};

const throughCrm = async (crm: string, file: string, options: ImportOptions, refusedFile: string) => {
  const { importId } = await sendFile(crm, file, options);
  const job = await followImport(crm, importId, createProgressDisplay());
  await printReport(job, await fetchFirstRows(crm, job, rowsShown), () => fetchRefusedRows(crm, job), {
    refusedFile,
    options,
  });
};

const directly = async (file: string, options: ImportOptions, refusedFile: string) => {
  const done = await importDirectly(durableDatabase(), file, options, {
    rowLimit: rowsShown,
    show: createProgressDisplay(),
  });
  try {
    await printReport(done.job, done.rows, async () => done.refused, { refusedFile, options });
  } finally {
    await done.close();
  }
};

const createProgressDisplay = () => {
  const display = createProgress(process.stderr);
  display.begin('importing');
  return ({ progress: { bytes, bytesDone, rows }, finishedAt }: Import) => {
    display.update([{ name: 'importing', done: bytesDone, total: bytes, count: rows, unit: 'rows' }]);
    if (finishedAt !== null) display.end();
  };
};

const printReport = async (
  job: Import,
  rows: readonly ImportedRow[],
  refused: () => Promise<AsyncIterable<Uint8Array | string>>,
  { refusedFile, options }: { refusedFile: string; options: ImportOptions },
) => {
  console.log(`Columns: ${job.columns.map(formatColumn).join(', ')}`);
  for (const note of job.notes) console.log(note);
  if (rows.length > 0) console.log(`${formatTable(rows.flatMap(problems))}\n`);
  const { created, updated, unchanged, skipped } = job;
  const counts = { created, updated, unchanged, skipped, refused: job.refused };
  const parts = Object.entries(counts).map(([name, number]) => `${formatCount(number)} ${name}`);
  console.log(`${job.dryRun ? 'Dry run, nothing is changed: ' : ''}${parts.join(', ')}`);
  if (skipped + job.refused > rows.length)
    console.log(`Only the first ${rowsShown} rows are shown; GET ${job.rows} lists all`);
  if (job.refused > 0) {
    const written = await writeRefusedFile(refusedFile, await refused());
    const which =
      job.listed.refused < job.refused ? `The first ${formatCount(job.listed.refused)} refused rows` : 'Refused rows';
    console.log(
      `${which} are in ${written}: correct them and import that file${options.columns ? ' with the same --column options' : ''}.`,
    );
    process.exitCode = 2;
  }
  if (job.failure) throw new Error(job.failure);
};

const formatColumn = ({ column, field }: Import['columns'][number]) =>
  column === field ? field : `${oneLine(column)}=${field}`;

const problems = ({ line, outcome, problems: found }: ImportedRow) =>
  found.map(({ column, value, reason }) => ({ line, outcome, column: column ?? '', value: oneLine(value), reason }));

const oneLine = (text: string) => revealCharacters(text.replaceAll(/\s+/g, ' '));

await runMain(main);
