import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { isWriterWanted } from '../../../packages/database/sqlite-dialect.ts';
import { type CrmContext, inTransaction } from '../../customers/index.ts';
import { type CrmDatabase, executeTogether, type ImportedRowTable } from '../../database/index.ts';
import { type CheckedRow, checkFile } from '../check/check-file.ts';
import { mayBeRounded, readCell } from '../check/check-row.ts';
import { restoreHeader } from '../check/header.ts';
import { createSeenKeys } from '../check/seen-keys.ts';
import { advanceJob, beginJob, type ImportJob } from '../import-job.ts';
import { readReference, recordReference } from '../import-reference.ts';
import { removeListedRows } from '../report/remove-report.ts';
import { readExistingState } from './existing-state.ts';
import { type Counts, insertReport, prepareRows, type RowsContext } from './import-rows.ts';
import { readAhead } from './read-ahead.ts';

/** `onProgress` is called after each transaction of rows. An abort of `stop` ends the import after the current one. */
export type RunOptions = {
  readonly stop?: AbortSignal | undefined;
  readonly onProgress?: ((job: ImportJob) => void) | undefined;
};

/** Transactions are short, so that requests are answered in between. */
const rowsPerTransaction = 500;
/** While a request waits for the writer, a transaction ends after so many rows. */
const rowsPerStep = 100;

/**
 * Runs an import, or resumes it where the previous process was killed: each transaction commits its rows together with the
 * progress of the job. A dry run starts again from its beginning.
 * @returns the finished job, or the job so far after an abort of `stop`
 * @throws RunByAnotherProcess
 */
export const runImport = async (
  context: CrmContext,
  initialJob: ImportJob,
  file: string,
  { stop, onProgress = () => {} }: RunOptions = {},
): Promise<ImportJob> => {
  const rowsContext = createContext(context, initialJob);
  let job = await inTransaction(context, async (trx) => {
    const started = await beginJob(trx, initialJob, context.now());
    if (!started.dryRun) await recordReference(trx, started.importId);
    return started;
  });
  if (job.dryRun) await removeListedRows(context.db, job.importId);
  if (!rowsContext.header.indexes.has('customerId') && job.pass === 1) job = await advance(context, job, { pass: 2 });

  let pending: CheckedRow[] = [];
  let rowsWanted = rowsPerTransaction;
  /** Imports pending rows while there are at least `fewest`. @returns whether to continue */
  const importPending = async (fewest: () => number): Promise<boolean> => {
    while (pending.length >= fewest()) {
      const imported = await importChunk(context, job, pending.slice(0, rowsWanted), rowsContext);
      job = imported.job;
      pending = pending.slice(imported.rows);
      // Each transaction reads the state of all rows that it may write.
      rowsWanted = imported.isWriterWanted ? rowsPerStep : rowsPerTransaction;
      await yieldToEventLoop();
      onProgress(job);
      if (stop?.aborted) return false;
    }
    return true;
  };

  for (let hasSecondPass = true; hasSecondPass; ) {
    hasSecondPass = false;
    const options = { encoding: job.encoding ?? undefined, lines: job.lines };
    for await (const rows of readAhead(checkFile(file, rowsContext.header, options))) {
      for (const checked of rows) {
        hasSecondPass ||= checked.pass > job.pass;
        if (checked.pass === job.pass && checked.row.line > job.line) pending.push(checked);
      }
      if (!(await importPending(() => rowsWanted))) return job;
    }
    if (!(await importPending(() => 1))) return job;
    if (hasSecondPass) job = await advance(context, job, { pass: 2, line: 0 });
  }
  job = await finish(context, job);
  onProgress(job);
  return job;
};

const createContext = (context: CrmContext, job: ImportJob): Omit<RowsContext, 'evidence'> => ({
  ...context,
  importId: job.importId,
  header: restoreHeader(job),
  options: { dryRun: job.dryRun === 1, onConflict: job.onConflict },
  freedConnections: job.dryRun ? createSeenKeys() : undefined,
});

/**
 * Imports the rows of a chunk in one transaction, or the first of them while a request waits for the writer. The next step is prepared
 * while the database writes the one before.
 */
const importChunk = (
  context: CrmContext,
  job: ImportJob,
  chunk: readonly CheckedRow[],
  rowsContext: Omit<RowsContext, 'evidence'>,
): Promise<{ job: ImportJob; rows: number; isWriterWanted: boolean }> =>
  inTransaction(context, async (trx) => {
    const reference = await readReference(trx, job.importId);
    const evidence = { changedBy: null, channel: 'csv-import', reference } as const;
    const existing = await readExistingState(
      trx,
      chunk.map(({ row }) => row),
      rowsContext.freedConnections,
    );
    const reportRows: ImportedRowTable[] = [];
    let to = job;
    let rows = 0;
    let isWanted = false;
    let writing = Promise.resolve();
    try {
      do {
        const step = chunk.slice(rows, rows + rowsPerStep);
        // The database runs statements of rows without a customerId at once, which must not happen after a step that failed.
        if (job.pass === 2) await writing;
        const prepared = await prepareRows(trx, to, step, existing, { ...rowsContext, evidence });
        await writing;
        writing = executeTogether(trx, prepared.statements);
        // A rejection is handled where `writing` is awaited.
        writing.catch(() => {});
        reportRows.push(...prepared.reportRows);
        to = addStep(to, step, prepared.counts, rowsContext);
        rows += step.length;
        isWanted = isWriterWanted(context.db);
      } while (rows < chunk.length && !isWanted);
    } finally {
      // No statement may run after the end of the transaction.
      await writing;
    }
    await insertReport(trx, reportRows);
    to = { ...to, updatedAt: context.now() };
    await advanceJob(trx, job, to);
    return { job: to, rows, isWriterWanted: isWanted };
  });

const addStep = (
  job: ImportJob,
  step: readonly CheckedRow[],
  counts: Counts,
  rowsContext: Omit<RowsContext, 'evidence'>,
): ImportJob => ({
  ...withCounts(job, counts),
  line: step.at(-1)?.row.line ?? job.line,
  bytesDone: job.bytesDone + step.reduce((sum, { bytes }) => sum + bytes, 0),
  ...addRounded(job, step, rowsContext),
  recoded: job.recoded + step.filter(({ isRecoded }) => isRecoded).length,
});

/** How many lines of possibly rounded connections a job keeps. */
const maxRoundedLines = 20;

const addRounded = (job: ImportJob, step: readonly CheckedRow[], { header }: Pick<RowsContext, 'header'>) => {
  const added = step
    .map(({ row }) => row)
    .filter((row) => mayBeRounded(readCell(row, header, 'connectionId')))
    .map(({ line }) => line);
  if (added.length === 0) return {};
  const lines = [...JSON.parse(job.roundedLines ?? '[]'), ...added].slice(0, maxRoundedLines);
  return { rounded: job.rounded + added.length, roundedLines: JSON.stringify(lines) };
};

const withCounts = (job: ImportJob, counts: Counts): ImportJob => ({
  ...job,
  created: job.created + counts.created,
  updated: job.updated + counts.updated,
  unchanged: job.unchanged + counts.unchanged,
  skipped: job.skipped + counts.skipped,
  refused: job.refused + counts.refused,
  listedRefused: job.listedRefused + counts.listedRefused,
  listedSkipped: job.listedSkipped + counts.listedSkipped,
  refusedBytes: job.refusedBytes + counts.refusedBytes,
  skippedBytes: job.skippedBytes + counts.skippedBytes,
});

const advance = (context: CrmContext, job: ImportJob, change: Partial<ImportJob>): Promise<ImportJob> =>
  inTransaction(context, async (trx) => {
    const to = { ...job, ...change, updatedAt: context.now() };
    await advanceJob(trx, job, to);
    return to;
  });

const finish = (context: CrmContext, job: ImportJob): Promise<ImportJob> =>
  inTransaction(context, async (trx) => {
    const at = context.now();
    const to: ImportJob = { ...job, state: 'finished', bytesDone: job.bytes, updatedAt: at, finishedAt: at };
    await advanceJob(trx, job, to);
    if (!job.dryRun) await recordFile(trx, job.digest, at);
    return to;
  });

/** Records a completely imported file, so that `importOnce` does not import it again. */
const recordFile = async (trx: Transaction<CrmDatabase>, digest: string, importedAt: number) => {
  const known = await trx.selectFrom('importedFile').select('digest').where('digest', '=', digest).executeTakeFirst();
  if (!known) await trx.insertInto('importedFile').values({ digest, importedAt }).execute();
};
