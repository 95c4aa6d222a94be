import type { Kysely } from 'kysely';
import { type DatabaseAddress, openDatabase } from '../database/open-database.ts';
import type { StateStore } from '../projections/state-store.ts';
import { createPurgeJob, type PurgeOptions, readPurgeRequests } from './store/pending-purge.ts';
import { createViewStore } from './store/state-store.ts';
import { createTables } from './tables/create-tables.ts';
import { fillColumns } from './tables/fill-columns.ts';
import type { ViewSchema } from './tables/schema.ts';
import type { RowsOf, ViewTables } from './tables/view-table.ts';

export type { PurgeOptions } from './store/pending-purge.ts';
export type { DocumentRow, ViewTable } from './tables/view-table.ts';

export type OpenedViewDatabase<Tables extends ViewTables> = {
  /** For queries: a table per view. Rows belong to a generation; only the engine knows which one is active. */
  readonly db: Kysely<RowsOf<Tables>>;
  /** Register each view with the key prefix `name/`. */
  readonly store: StateStore;
  /** Whether bytes of erased documents may still be in the SQLite file. */
  hasErasedBytes(): Promise<boolean>;
  close(): Promise<void>;
};

/**
 * Opens a SQLite, MySQL or MariaDB database with a table per view, which a projection writes as its state store and queries read. Creates
 * missing tables, columns and indexes, and fills new columns.
 * @param tables the tables by the name of their view
 * @throws ConfigError when the database cannot be reached now. An outage later is a TransientDatabaseError of each call.
 */
export const openViewDatabase = async <const Tables extends ViewTables>(
  address: DatabaseAddress,
  tables: Tables,
  options: PurgeOptions,
): Promise<OpenedViewDatabase<Tables>> => {
  let isPurgePending = false;
  const db = await openDatabase<ViewSchema>(address, async (preparing) => {
    await createTables(preparing, tables);
    await fillColumns(preparing.withTables<ViewSchema>(), tables);
    isPurgePending = (await readPurgeRequests(preparing.withTables<ViewSchema>())) > 0;
  });
  const purgeJob = createPurgeJob(db, options);
  // The previous process was stopped before its purge.
  if (isPurgePending) purgeJob.schedule();
  return {
    db: db as unknown as Kysely<RowsOf<Tables>>,
    store: createViewStore(db, tables, purgeJob.schedule),
    hasErasedBytes: async () => (await readPurgeRequests(db)) > 0,
    close: async () => {
      await purgeJob.close();
      await db.destroy();
    },
  };
};
