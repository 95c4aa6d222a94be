import { createProgress, formatCount } from '../../packages/cli/progress.ts';
import { reportFailure } from '../../packages/cli/report-failure.ts';
import { formatTable } from '../../packages/cli/table.ts';
import { readCrmConfig } from '../config.ts';
import type { ImportOptions } from '../imports/index.ts';
import { type DeleteArguments, readArguments } from './import/arguments.ts';
import { writeRefusedFile } from './import/refused-file.ts';
import {
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

const help = `Imports customers from a CSV file, through a running CRM, and writes the refused rows to a file to correct.

  npm run import -- FILE [--dry-run] [--on-conflict skip|update|fail] [--refused FILE] [--crm URL | --direct]
  npm run import -- --delete ID [--crm URL | --direct]

--dry-run       the very same checks; nothing is changed
--on-conflict   a customer who is there and differs: skip (left alone, the default), update, or fail (the row is refused)
--refused FILE  where the refused rows go (FILE.refused.csv beside the file); what is there is left, and the next name taken
--crm URL       the CRM (CRM_URL, or http://localhost:3005)
--delete ID     removes an import, its report and its file; one that waits or runs ends, and what it has imported stays
--direct        without a CRM, into CRM_DATABASE_URL; the events wait for the next CRM that runs on it

The first line names the columns: firstName,lastName,city,connectionId,connectionMandate, and as you like customerId, email,
phone; others are ignored. One bad row stops no other, and a file may be imported again. docs/import.md has the rest.
Ends with 0, with 2 when rows were refused, with 1 when the import could not be done.`;

const main = async (): Promise<void> => {
  const args = readArguments(process.argv.slice(2), process.env);
  if (!args) return console.log(help);
  if ('deleteImport' in args) return remove(args);
  const { crm, file, options, refusedFile } = args;
  await (crm ? throughCrm(crm, file, options, refusedFile) : directly(file, options, refusedFile));
};

const remove = async ({ deleteImport: importId, crm }: DeleteArguments) => {
  await (crm ? deleteThroughCrm(crm, importId) : deleteDirectly(durableDatabase(), importId));
  console.log(`The import ${importId} is removed.`);
};

const durableDatabase = () => {
  const { databaseUrl } = readCrmConfig(process.env);
  if (databaseUrl === 'memory') throw new Error('--direct needs a database that stays: set CRM_DATABASE_URL.');
  return databaseUrl;
};

const throughCrm = async (crm: string, file: string, options: ImportOptions, refusedFile: string) => {
  const { importId } = await sendFile(crm, file, options);
  const job = await followImport(crm, importId, createProgressDisplay());
  await printReport(job, await fetchFirstRows(crm, job, rowsShown), () => fetchRefusedRows(crm, job), refusedFile);
};

const directly = async (file: string, options: ImportOptions, refusedFile: string) => {
  const done = await importDirectly(durableDatabase(), file, options, {
    rowLimit: rowsShown,
    show: createProgressDisplay(),
  });
  await printReport(done.job, done.rows, async () => done.refused, refusedFile).finally(done.close);
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
  refusedFile: string,
) => {
  for (const note of job.notes) console.log(note);
  if (rows.length > 0) console.log(`${formatTable(rows.flatMap(problems))}\n`);
  const { created, updated, unchanged, skipped } = job;
  const counts = { created, updated, unchanged, skipped, refused: job.refused };
  const parts = Object.entries(counts).map(([name, number]) => `${formatCount(number)} ${name}`);
  console.log(`${job.dryRun ? 'A dry run, nothing is changed: ' : ''}${parts.join(', ')}`);
  if (skipped + job.refused > rows.length) console.log(`The first ${rowsShown} are shown; the rest: GET ${job.rows}`);
  if (job.refused > 0) {
    const written = await writeRefusedFile(refusedFile, await refused());
    const which =
      job.listed.refused < job.refused ? `The first ${formatCount(job.listed.refused)} refused rows` : 'Refused rows';
    console.log(`${which} are in ${written}: correct them there, and import that file.`);
    process.exitCode = 2;
  }
  if (job.failure) throw new Error(job.failure);
};

const problems = ({ line, outcome, problems: found }: ImportedRow) =>
  found.map(({ column, value, reason }) => ({ line, outcome, column: column ?? '', value: oneLine(value), reason }));

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

main().catch(reportFailure);
