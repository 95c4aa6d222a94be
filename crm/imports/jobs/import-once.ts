import { basename } from 'node:path';
import type { Logger } from 'pino';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import type { CrmContext } from '../../customers/index.ts';
import { readFileHeader } from '../check/check-file.ts';
import type { Problem } from '../check/check-row.ts';
import { createJob, failJob, type ImportJob, type ImportOptions, listImportedRows } from '../import-job.ts';
import { measureFile } from '../receive/receive-file.ts';
import { runImport } from '../run/run-import.ts';
import { startHeartbeat } from './job-heartbeat.ts';

/** Imports a file in the foreground. @throws DomainError unusable-file, file-too-large */
export const importFile = async (
  context: CrmContext,
  file: string,
  options: ImportOptions,
  onProgress?: (job: ImportJob) => void,
): Promise<ImportJob> => {
  const job = await createJobForFile(context, file, options);
  const heartbeat = startHeartbeat(context.db, job.importId);
  try {
    return await runImport(context, job, file, { onProgress: onProgress });
  } catch (error) {
    await failJob(context.db, job.importId, context.now()).catch((cause: unknown) => {
      // Where the database itself is the trouble, a CRM ends the job once it is silent.
      if (error instanceof TransientDatabaseError) throw error;
      throw new AggregateError([error, cause], (error as Error).message);
    });
    throw error;
  } finally {
    await heartbeat.close();
  }
};

/** A job for a file that stays where it is. @throws DomainError unusable-file, file-too-large */
export const createJobForFile = async (
  context: CrmContext,
  file: string,
  options: ImportOptions,
): Promise<ImportJob> => {
  const measured = await measureFile(file);
  const { columns } = await readFileHeader(file);
  const about = {
    importId: context.newId(),
    fileName: basename(file).slice(0, 100),
    columns,
    createdAt: context.now(),
  };
  return createJob(context.db, { ...measured, ...about }, options, 1);
};

/**
 * What a start does with its file of customers: imports it once, and leaves alone what is there. A file whose very bytes
 * were imported before is not looked at.
 * @returns undefined for such a file
 * @throws DomainError unusable-file, file-too-large
 */
export const importOnce = async (context: CrmContext, file: string): Promise<ImportJob | undefined> => {
  const { digest } = await measureFile(file);
  const { db } = context;
  const known = await db.selectFrom('importedFile').select('digest').where('digest', '=', digest).executeTakeFirst();
  return known ? undefined : importFile(context, file, { dryRun: false, onConflict: 'skip' });
};

const maxLoggedRows = 100;

/** Columns only, never values, nor the name of the file: a log names no person. */
export const logImport = async (db: CrmContext['db'], job: ImportJob, log: Logger): Promise<void> => {
  const { importId, created, updated, unchanged, skipped, refused } = job;
  for (const { line, outcome, problems } of await listImportedRows(db, importId, { limit: maxLoggedRows })) {
    const columns = (JSON.parse(problems) as Problem[]).map(({ column, reason }) => `${column ?? 'row'}: ${reason}`);
    log.warn({ importId, line, columns }, outcome === 'refused' ? 'row refused' : 'row left alone');
  }
  log.info({ importId, created, updated, unchanged, skipped, refused }, 'customers imported');
};
