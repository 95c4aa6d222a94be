import { setImmediate as otherWork } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { type CustomerChanges, inTransaction } from '../../customers/index.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { type CheckedRow, checkFile } from '../check/check-file.ts';
import { readHeader } from '../check/header.ts';
import { createSeenKeys } from '../check/seen-keys.ts';
import { advanceJob, beginJob, type ImportJob } from '../import-job.ts';
import { noteReference, referenceNow } from '../import-reference.ts';
import { removeListedRows } from '../report/remove-report.ts';
import { type Counts, importRows, type RowsContext } from './import-rows.ts';
import { readAhead } from './read-ahead.ts';

/** `advanced` is called after each transaction; `stop` ends the import after the one that runs. */
export type ImportWatch = {
  readonly stop?: AbortSignal | undefined;
  readonly advanced?: ((job: ImportJob) => void) | undefined;
};

/** One transaction; so short that requests are answered in between. */
const rowsPerTransaction = 500;

/**
 * Does an import, from where it was when the process that did it before died: the rows of a transaction and how far the
 * job is are committed together. A dry run begins again.
 * @returns the job, finished, or as it is when `stop` came between
 */
export const runImport = async (
  changes: CustomerChanges,
  waiting: ImportJob,
  file: string,
  { stop, advanced = () => {} }: ImportWatch = {},
): Promise<ImportJob> => {
  const context = contextOf(changes, waiting);
  let job = await inTransaction(changes, async (trx) => {
    const begun = await beginJob(trx, waiting, changes.now());
    if (!begun.dryRun) await noteReference(trx, begun.importId);
    return begun;
  });
  if (job.dryRun) await removeListedRows(changes.db, job.importId);
  if (!context.header.places.has('customerId') && job.pass === 1) job = await step(changes, job, { pass: 2 });

  for (let othersWait = true; othersWait; ) {
    othersWait = false;
    let pending: CheckedRow[] = [];
    for await (const rows of readAhead(checkFile(file, context.header))) {
      for (const checked of rows) {
        othersWait ||= checked.pass > job.pass;
        if (checked.pass !== job.pass || checked.row.line <= job.line) continue;
        pending.push(checked);
        if (pending.length < rowsPerTransaction) continue;
        job = await importPending(changes, job, pending, context);
        pending = [];
        await otherWork();
        advanced(job);
        if (stop?.aborted) return job;
      }
    }
    job = await importPending(changes, job, pending, context);
    if (othersWait) job = await step(changes, job, { pass: 2, line: 0 });
  }
  job = await finish(changes, job);
  advanced(job);
  return job;
};

const contextOf = (changes: CustomerChanges, job: ImportJob): Omit<RowsContext, 'evidence'> => ({
  ...changes,
  importId: job.importId,
  header: readHeader(JSON.parse(job.columns)),
  options: { dryRun: job.dryRun === 1, onConflict: job.onConflict },
  freed: job.dryRun ? createSeenKeys() : undefined,
});

const importPending = async (
  changes: CustomerChanges,
  job: ImportJob,
  pending: readonly CheckedRow[],
  context: Omit<RowsContext, 'evidence'>,
): Promise<ImportJob> => {
  const last = pending.at(-1);
  if (!last) return job;
  return inTransaction(changes, async (trx) => {
    const rows = pending.map(({ row }) => row);
    const reference = await referenceNow(trx, job.importId);
    const evidence = { changedBy: null, channel: 'csv-import', reference } as const;
    const counts = await importRows(trx, job, rows, { ...context, evidence });
    const to = {
      ...withCounts(job, counts),
      line: last.row.line,
      updatedAt: changes.now(),
      bytesDone: job.bytesDone + pending.reduce((sum, { bytes }) => sum + bytes, 0),
      recoded: job.recoded + pending.filter(({ recoded }) => recoded).length,
    };
    await advanceJob(trx, job, to);
    return to;
  });
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

const step = (changes: CustomerChanges, job: ImportJob, change: Partial<ImportJob>): Promise<ImportJob> =>
  inTransaction(changes, async (trx) => {
    const to = { ...job, ...change, updatedAt: changes.now() };
    await advanceJob(trx, job, to);
    return to;
  });

const finish = (changes: CustomerChanges, job: ImportJob): Promise<ImportJob> =>
  inTransaction(changes, async (trx) => {
    const at = changes.now();
    const to: ImportJob = { ...job, state: 'finished', bytesDone: job.bytes, updatedAt: at, finishedAt: at };
    await advanceJob(trx, job, to);
    if (!job.dryRun) await rememberFile(trx, job.digest, at);
    return to;
  });

/** A start leaves a file alone whose very bytes were imported to their end. */
const rememberFile = async (trx: Transaction<CrmDatabase>, digest: string, importedAt: number) => {
  const known = await trx.selectFrom('importedFile').select('digest').where('digest', '=', digest).executeTakeFirst();
  if (!known) await trx.insertInto('importedFile').values({ digest, importedAt }).execute();
};
