import { type Kysely, sql } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

export const importQuotas = {
  up: async (db: Kysely<never>) => {
    for (const column of ['listedRefused', 'listedSkipped', 'refusedBytes', 'skippedBytes'])
      await addColumnOnce(db, 'importJob', column, 'integer', (added) => added.notNull().defaultTo(0));
    // Reports that were written before this migration list every row.
    await sql`update importJob set listedRefused = refused, listedSkipped = skipped
      where listedRefused = 0 and listedSkipped = 0`.execute(db);
    await db.schema
      .createTable('importReference')
      .ifNotExists()
      .addColumn('reference', 'varchar(255)', (column) => column.primaryKey())
      .execute();
    await sql`insert into importReference (reference)
      select distinct reference from mandateChange
      where channel = 'csv-import' and reference like '% sha256:%'
      and not exists (select 1 from importReference as known where known.reference = mandateChange.reference)`.execute(
      db,
    );
  },
};
