import type { Kysely, Selectable, Transaction } from 'kysely';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase, ImportedRowTable, ImportJobTable } from '../database/index.ts';

export type ImportJob = Selectable<ImportJobTable>;
export type ImportedRow = Selectable<ImportedRowTable>;
/** What becomes of a row whose customer is there and differs; `fail` refuses the row, and no other. */
export const conflictPolicies = ['skip', 'update', 'fail'] as const;
export type ConflictPolicy = (typeof conflictPolicies)[number];

export type ImportOptions = { readonly dryRun: boolean; readonly onConflict: ConflictPolicy };

/** What is known of a file before its rows are looked at. */
export type ReceivedFile = { readonly digest: string; readonly bytes: number; readonly lines: number };

/** The database as a whole and one transaction alike. */
type Db = Kysely<CrmDatabase>;

/** How far a job is that begins. */
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
  listedRefused: 0,
  listedSkipped: 0,
  refusedBytes: 0,
  skippedBytes: 0,
} as const;

export const createJob = async (
  db: Db,
  file: ReceivedFile & { importId: string; fileName: string; columns: readonly string[]; createdAt: number },
  { dryRun, onConflict }: ImportOptions,
  foreground: 0 | 1 = 0,
): Promise<ImportJob> => {
  const job: ImportJob = {
    ...file,
    columns: JSON.stringify(file.columns),
    onConflict,
    dryRun: dryRun ? 1 : 0,
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

/** The latest first. */
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
 * Writes how far a job is, in the transaction of the rows that got it there. An erasure may have replaced the name of the
 * file meanwhile: that stays.
 * @throws DoneByAnother
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
 * The first step of a process that does the job. A dry run begins again: only the process that died knew what its
 * rows would have done; the caller removes its rows, once the job is its own.
 * @throws DoneByAnother
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

/** Another process has got the import further meanwhile: two must not do the same. */
export class RunByAnotherProcess extends Error {
  constructor(importId: string) {
    super(`import ${importId} is done by another process`);
    this.name = 'DoneByAnother';
  }
}

/** Ends a job that cannot go on. What is done of it stays. */
export const failJob = async (db: Db, importId: string, finishedAt: number): Promise<void> => {
  const failure = `It broke off, and the log says why. ${retryAdvice}`;
  await endJob(db, importId, failure, finishedAt);
};

/** Ends a job for good, unless it has ended: the process that does it stops at its next step. */
export const endJob = async (db: Db, importId: string, failure: string, finishedAt: number): Promise<void> => {
  await db
    .updateTable('importJob')
    .set({ state: 'failed', failure, finishedAt })
    .where('importId', '=', importId)
    .where('finishedAt', 'is', null)
    .execute();
};

export const retryAdvice = 'What is counted is done: import the file again for the rest.';

/** Rows that were refused or left alone, by line, from behind the line `after`. */
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
