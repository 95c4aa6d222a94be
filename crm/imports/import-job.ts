import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Encoding } from '../../packages/csv/encoding.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase, ImportedRowTable, ImportJobTable } from '../database/index.ts';
import type { ColumnChoice, Field } from './column-names.ts';

export type ImportJob = Selectable<ImportJobTable>;
export type ImportedRow = Selectable<ImportedRowTable>;
/** What happens to a row whose customer exists and differs. `fail` refuses that row only, not the import. */
export const conflictPolicies = ['skip', 'update', 'fail'] as const;
export type ConflictPolicy = (typeof conflictPolicies)[number];

export type ImportOptions = {
  readonly dryRun: boolean;
  readonly onConflict: ConflictPolicy;
  /** The declared encoding of the file. Default: each row is UTF-8 or Windows-1252. */
  readonly encoding?: Encoding | undefined;
  /** Which fields the columns contain, where their names do not say it. */
  readonly columns?: readonly ColumnChoice[] | undefined;
};

/** The digest (SHA-256, hexadecimal) and size of a file, known before its rows are parsed. */
export type ReceivedFile = { readonly digest: string; readonly bytes: number; readonly lines: number };

/** Either the database or a transaction. */
type Db = Kysely<CrmDatabase>;

/** The progress of a job that has not started. */
const initialProgress = {
  pass: 1,
  line: 0,
  bytesDone: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  refused: 0,
  recoded: 0,
  rounded: 0,
  roundedLines: null,
  listedRefused: 0,
  listedSkipped: 0,
  refusedBytes: 0,
  skippedBytes: 0,
} as const;

/** A file with its header. `fields` are those of `columns`; without them, the columns have the names of the fields. */
type NewJob = ReceivedFile & {
  readonly importId: string;
  readonly fileName: string;
  readonly columns: readonly string[];
  readonly fields?: readonly (Field | null)[];
  readonly createdAt: number;
};

export const createJob = async (
  db: Db,
  { fields, ...file }: NewJob,
  { dryRun, onConflict, encoding }: ImportOptions,
  foreground: 0 | 1 = 0,
): Promise<ImportJob> => {
  const job: ImportJob = {
    ...file,
    columns: JSON.stringify(file.columns),
    columnFields: fields ? JSON.stringify(fields) : null,
    onConflict,
    dryRun: dryRun ? 1 : 0,
    encoding: encoding ?? null,
    state: 'waiting',
    failure: null,
    ...initialProgress,
    updatedAt: file.createdAt,
    startedAt: null,
    finishedAt: null,
    foreground,
  };
  await db.insertInto('importJob').values(job).execute();
  return job;
};

/** @throws DomainError import-unknown */
export const findJob = async (db: Db, importId: string): Promise<ImportJob> => {
  const row = await db.selectFrom('importJob').selectAll().where('importId', '=', importId).executeTakeFirst();
  if (row) return toJob(row);
  throw new DomainError('import-unknown', `There is no import ${importId.slice(0, 100)}.`, {
    remedy: `reports are kept for ${reportRetentionDays} days: GET /imports lists them`,
  });
};

/** Lists up to `limit` jobs, the latest first. */
export const listJobs = async (db: Db, limit: number): Promise<ImportJob[]> => {
  const rows = await db.selectFrom('importJob').selectAll().orderBy('createdAt', 'desc').limit(limit).execute();
  return rows.map(toJob);
};

export const listUnfinishedJobs = async (db: Db): Promise<ImportJob[]> => {
  const rows = await db
    .selectFrom('importJob')
    .selectAll()
    .where('state', 'in', ['waiting', 'running'])
    .orderBy('createdAt')
    .execute();
  return rows.map(toJob);
};

/**
 * Writes the progress of a job, in the transaction of the imported rows. It never writes the file name, because an erasure
 * may have replaced it since the job was read.
 * @throws RunByAnotherProcess when the job has other progress than `from`
 */
export const advanceJob = async (trx: Transaction<CrmDatabase>, from: ImportJob, to: ImportJob): Promise<void> => {
  const { fileName, ...progress } = to;
  const { numUpdatedRows } = await trx
    .updateTable('importJob')
    .set(progress)
    .where('importId', '=', from.importId)
    .where('state', '=', from.state)
    .where('pass', '=', from.pass)
    .where('line', '=', from.line)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) throw new RunByAnotherProcess(from.importId);
};

/**
 * Marks the job as running in this process. A dry run starts again from its beginning, because what its rows would have
 * changed was only in the memory of the killed process; the caller then removes its listed rows.
 * @throws RunByAnotherProcess
 */
export const beginJob = async (trx: Transaction<CrmDatabase>, job: ImportJob, now: number): Promise<ImportJob> => {
  const begun: ImportJob = {
    ...job,
    state: 'running',
    startedAt: job.startedAt ?? now,
    updatedAt: now,
    ...(job.dryRun && initialProgress),
  };
  await advanceJob(trx, job, begun);
  return begun;
};

/** Another process has advanced the job. Two processes must not run the same import. */
export class RunByAnotherProcess extends Error {
  constructor(importId: string) {
    super(`another process runs the import ${importId}`);
    this.name = 'RunByAnotherProcess';
  }
}

/** Marks a job as failed after an error. The rows that it has imported stay. */
export const failJob = async (db: Db, importId: string, finishedAt: number): Promise<void> => {
  const failure = `The import failed; the log states the cause. ${retryAdvice}`;
  await endJob(db, importId, failure, finishedAt);
};

/** Marks a job as failed, unless it has ended. The process that runs it stops before its next transaction. */
export const endJob = async (db: Db, importId: string, failure: string, finishedAt: number): Promise<void> => {
  await db
    .updateTable('importJob')
    .set({ state: 'failed', failure, finishedAt })
    .where('importId', '=', importId)
    .where('finishedAt', 'is', null)
    .execute();
};

export const retryAdvice = 'The counted rows are imported: import the file again for the others.';

/** Lists up to `limit` refused and skipped rows of an import by line, starting after the line `after`. */
export const listImportedRows = (
  db: Db,
  importId: string,
  { after = 0, limit, outcome }: { after?: number; limit: number; outcome?: ImportedRow['outcome'] },
): Promise<ImportedRow[]> =>
  db
    .selectFrom('importedRow')
    .selectAll()
    .where('importId', '=', importId)
    .where('line', '>', after)
    .$if(outcome !== undefined, (query) => query.where('outcome', '=', outcome as ImportedRow['outcome']))
    .orderBy('line')
    .limit(limit)
    .execute();

export const reportRetentionDays = 30;

const toJob = (row: ImportJob): ImportJob => ({
  ...row,
  bytes: Number(row.bytes),
  bytesDone: Number(row.bytesDone),
  createdAt: Number(row.createdAt),
  updatedAt: Number(row.updatedAt),
  startedAt: row.startedAt && Number(row.startedAt),
  finishedAt: row.finishedAt && Number(row.finishedAt),
});
