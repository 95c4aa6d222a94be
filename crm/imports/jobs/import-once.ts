import type { Logger } from 'pino';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import type { CrmContext } from '../../customers/index.ts';
import { readFileHeader } from '../check/check-file.ts';
import type { Problem } from '../check/check-row.ts';
import { toFileName } from '../file-name.ts';
import { createJob, failJob, type ImportJob, type ImportOptions, listImportedRows } from '../import-job.ts';
import { fileLimits, measureFile } from '../receive/receive-file.ts';
import { type RunOptions, runImport } from '../run/run-import.ts';
import { startHeartbeat } from './job-heartbeat.ts';

/**
 * Imports a file in the foreground. `onProgress` is called after each transaction; an abort of `stop` fails the job after the current one.
 * @throws DomainError unusable-file, file-too-large; the reason of `stop`
 */
export const importFile = async (
  context: CrmContext,
  file: string,
  options: ImportOptions,
  run: RunOptions = {},
): Promise<ImportJob> => {
  const job = await createJobForFile(context, file, options);
  const heartbeat = startHeartbeat(context.db, job.importId);
  try {
    const ended = await runImport(context, job, file, run);
    if (ended.state !== 'finished') run.stop?.throwIfAborted();
    return ended;
  } catch (error) {
    await failJob(context.db, job.importId, context.now()).catch((cause: unknown) => {
      // If the database itself is unavailable, a CRM fails the job later, when its heartbeat is missing.
      if (error instanceof TransientDatabaseError) throw error;
      throw new AggregateError([error, cause], (error as Error).message);
    });
    throw error;
  } finally {
    await heartbeat.close();
  }
};

/** Creates a foreground job for a file that is read in place. @throws DomainError unusable-file, file-too-large */
export const createJobForFile = async (
  context: CrmContext,
  file: string,
  options: ImportOptions,
): Promise<ImportJob> => {
  const measured = await measureFile(file, fileLimits, options.encoding);
  const { columns, fields } = await readFileHeader(file, options);
  const fileInfo = {
    importId: context.newId(),
    fileName: toFileName(file),
    columns,
    fields,
    createdAt: context.now(),
  };
  return createJob(context.db, { ...measured, ...fileInfo }, options, 1);
};

/**
 * Imports the file of customers at the start of the service, and skips customers that exist and differ. A file with the same
 * bytes is imported only once.
 * @returns undefined if the file was imported before
 * @throws DomainError unusable-file, file-too-large; the reason of `stop`
 */
export const importOnce = async (
  context: CrmContext,
  file: string,
  stop?: AbortSignal,
): Promise<ImportJob | undefined> => {
  const { digest } = await measureFile(file);
  const { db } = context;
  const known = await db.selectFrom('importedFile').select('digest').where('digest', '=', digest).executeTakeFirst();
  return known ? undefined : importFile(context, file, { dryRun: false, onConflict: 'skip' }, { stop });
};

const maxLoggedRows = 100;

/** Logs the outcome of an import. It logs columns, never values or the file name, because a log must not name a person. */
export const logImport = async (db: CrmContext['db'], job: ImportJob, log: Logger): Promise<void> => {
  const { importId, created, updated, unchanged, skipped, refused } = job;
  for (const { line, outcome, problems } of await listImportedRows(db, importId, { limit: maxLoggedRows })) {
    const columns = (JSON.parse(problems) as Problem[]).map(({ column, reason }) => `${column ?? 'row'}: ${reason}`);
    log.warn({ importId, line, columns }, outcome === 'refused' ? 'row refused' : 'row skipped');
  }
  log.info({ importId, created, updated, unchanged, skipped, refused }, 'customers imported');
};
