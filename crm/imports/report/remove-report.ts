import type { Kysely } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import { endJob, findJob, reportRetentionDays } from '../import-job.ts';

type Db = Kysely<CrmDatabase>;

const rowsPerTransaction = 500;
const dayMs = 86_400_000;

/** Removes the rows that a report lists, in many short transactions: others write in between. */
export const removeListedRows = async (db: Db, importId: string): Promise<void> => {
  for (;;) {
    const rows = await db
      .selectFrom('importedRow')
      .select('line')
      .where('importId', '=', importId)
      .orderBy('line')
      .limit(rowsPerTransaction)
      .execute();
    const last = rows.at(-1);
    if (!last) return;
    await db.deleteFrom('importedRow').where('importId', '=', importId).where('line', '<=', last.line).execute();
  }
};

/**
 * Removes an import with its report. One that waits or runs, here or in another process, ends first: what it has committed
 * stays. Killed half-way the job is still there, so the removal can be repeated.
 * @throws DomainError import-unknown
 */
export const removeImport = async (db: Db, importId: string, now: number): Promise<void> => {
  await findJob(db, importId);
  await endJob(db, importId, 'It was deleted.', now);
  await removeListedRows(db, importId);
  await db.deleteFrom('importJob').where('importId', '=', importId).execute();
};

/** Removes the rows of old reports, for they name people, and the reports unless their import still runs. */
export const purgeOldReports = async (db: Db, now: number): Promise<void> => {
  const old = await db
    .selectFrom('importJob')
    .select('importId')
    .where('createdAt', '<', now - reportRetentionDays * dayMs)
    .execute();
  for (const { importId } of old) {
    await removeListedRows(db, importId);
    await db
      .deleteFrom('importJob')
      .where('importId', '=', importId)
      .where('state', 'in', ['finished', 'failed'])
      .execute();
  }
};
