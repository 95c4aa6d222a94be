import type { Kysely, Migration } from 'kysely';

/**
 * In the order of their names. What has landed is never edited; a change is a new migration. Each may be run again: one
 * that was killed half-way, or that another process runs at the same time, must not stop the next start.
 */
export const migrations: Record<string, Migration> = {
  '0001-customers-connections-outbox': {
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('customer')
        .ifNotExists()
        .addColumn('customerId', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('firstName', 'varchar(100)', (column) => column.notNull())
        .addColumn('lastName', 'varchar(100)', (column) => column.notNull())
        .addColumn('city', 'varchar(100)', (column) => column.notNull())
        .addColumn('connectionId', 'varchar(64)', (column) => column.notNull().unique())
        .addColumn('connectionMandate', 'varchar(1)', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('connection')
        .ifNotExists()
        .addColumn('connectionId', 'varchar(64)', (column) => column.primaryKey())
        .addColumn('revision', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('outbox')
        .ifNotExists()
        .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('id', 'varchar(64)', (column) => column.notNull())
        .addColumn('topic', 'varchar(255)', (column) => column.notNull())
        .addColumn('eventKey', 'varchar(255)', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('importedFile')
        .ifNotExists()
        .addColumn('digest', 'varchar(64)', (column) => column.primaryKey())
        .addColumn('importedAt', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
};
