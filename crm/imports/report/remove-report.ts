import type { Kysely } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import { endJob, findJob, reportRetentionDays } from '../import-job.ts';

type Db = Kysely<CrmDatabase>;

const rowsPerTransaction = 500;
const dayMs = 86_400_000;

/** Deletes the listed rows of a report in many short transactions, so that other transactions can write in between. */
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
 * Removes an import with its report. An import that waits or runs, in any process, is stopped first; its committed rows stay.
 * The job row is deleted last, so that the removal can be repeated after a kill.
 * @throws DomainError import-unknown
 */
export const removeImport = async (db: Db, importId: string, now: number): Promise<void> => {
  await findJob(db, importId);
  await endJob(db, importId, 'It was deleted.', now);
  await removeListedRows(db, importId);
  await db.deleteFrom('importJob').where('importId', '=', importId).execute();
};

/**
 * Purges the rows of old reports, because they contain personal data, and the jobs that have ended. `now` is in ms since
 * 1970.
 */
export const purgeOldReports = async (db: Db, now: number): Promise<void> => {
  const oldJobs = await db
    .selectFrom('importJob')
    .select('importId')
    .where('createdAt', '<', now - reportRetentionDays * dayMs)
    .execute();
  for (const { importId } of oldJobs) {
    await removeListedRows(db, importId);
    await db
      .deleteFrom('importJob')
      .where('importId', '=', importId)
      .where('state', 'in', ['finished', 'failed'])
      .execute();
  }
};
