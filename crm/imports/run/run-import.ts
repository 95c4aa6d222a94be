import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { isWriterWanted } from '../../../packages/database/sqlite-dialect.ts';
import { type CrmContext, inTransaction } from '../../customers/index.ts';
import { type CrmDatabase, executeTogether } from '../../database/index.ts';
import { type CheckedRow, checkFile } from '../check/check-file.ts';
import { type ImportRow, mayBeRounded, readCell } from '../check/check-row.ts';
import { restoreHeader } from '../check/header.ts';
import { createSeenKeys } from '../check/seen-keys.ts';
import { advanceJob, beginJob, type ImportJob } from '../import-job.ts';
import { readReference, recordReference } from '../import-reference.ts';
import { removeListedRows } from '../report/remove-report.ts';
import { readExistingState } from './existing-state.ts';
import { type Counts, prepareRows, type RowsContext } from './import-rows.ts';
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

  for (let hasSecondPass = true; hasSecondPass; ) {
    hasSecondPass = false;
    let chunk: CheckedRow[] = [];
    const options = { encoding: job.encoding ?? undefined, lines: job.lines };
    for await (const rows of readAhead(checkFile(file, rowsContext.header, options))) {
      for (const checked of rows) {
        hasSecondPass ||= checked.pass > job.pass;
        if (checked.pass !== job.pass || checked.row.line <= job.line) continue;
        chunk.push(checked);
        if (chunk.length < rowsPerTransaction) continue;
        ({ job, rest: chunk } = await importChunk(context, job, chunk, rowsContext));
        await yieldToEventLoop();
        onProgress(job);
        if (stop?.aborted) return job;
      }
    }
    while (chunk.length > 0) ({ job, rest: chunk } = await importChunk(context, job, chunk, rowsContext));
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

/** Imports the rows of a chunk in one transaction, or the first of them while a request waits. */
const importChunk = (
  context: CrmContext,
  job: ImportJob,
  chunk: CheckedRow[],
  rowsContext: Omit<RowsContext, 'evidence'>,
): Promise<{ job: ImportJob; rest: CheckedRow[] }> =>
  inTransaction(context, async (trx) => {
    const reference = await readReference(trx, job.importId);
    const evidence = { changedBy: null, channel: 'csv-import', reference } as const;
    const rows = chunk.map(({ row }) => row);
    const existing = await readExistingState(trx, rows, rowsContext.freedConnections);
    let to = job;
    let end = 0;
    let writing = Promise.resolve();
    do {
      const step = chunk.slice(end, end + rowsPerStep);
      const stepRows = rows.slice(end, end + rowsPerStep);
      const { counts, statements } = await prepareRows(trx, to, stepRows, existing, { ...rowsContext, evidence });
      // The next step is prepared while the database writes this one.
      await writing;
      writing = executeTogether(trx, statements);
      // The rejection is handled where `writing` is awaited.
      writing.catch(() => {});
      end += step.length;
      to = addStep(to, step, counts, rowsContext);
    } while (end < chunk.length && !isWriterWanted(context.db));
    await writing;
    to = { ...to, updatedAt: context.now() };
    await advanceJob(trx, job, to);
    return { job: to, rest: chunk.slice(end) };
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
  ...addRounded(
    job,
    step.map(({ row }) => row),
    rowsContext,
  ),
  recoded: job.recoded + step.filter(({ isRecoded }) => isRecoded).length,
});

/** How many lines of possibly rounded connections a job keeps. */
const maxRoundedLines = 20;

const addRounded = (
  job: ImportJob,
  rows: readonly Pick<ImportRow, 'line' | 'cells'>[],
  { header }: Pick<RowsContext, 'header'>,
) => {
  const added = rows.filter((row) => mayBeRounded(readCell(row, header, 'connectionId'))).map(({ line }) => line);
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
