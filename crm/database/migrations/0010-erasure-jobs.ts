import { type Kysely, sql } from 'kysely';

export const erasureJobs = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('erasureJob')
      .ifNotExists()
      .addColumn('customerId', 'integer', (column) => column.primaryKey())
      .addColumn('person', sql`mediumtext`)
      .addColumn('erasesBytes', 'integer', (column) => column.notNull())
      .addColumn('requests', 'integer', (column) => column.notNull())
      .execute();
  },
};
