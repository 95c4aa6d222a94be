import type { Kysely } from 'kysely';

export const customersConnectionsOutbox = {
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
};
