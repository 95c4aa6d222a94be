import { type Kysely, sql } from 'kysely';
import { addIndexOnce } from '../../../packages/database/migrate-once.ts';
import { makeAppendOnly } from '../append-only.ts';

export const orders = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('orderEvent')
      .ifNotExists()
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('type', 'varchar(64)', (column) => column.notNull())
      .addColumn('data', sql`text`, (column) => column.notNull())
      .addColumn('metadata', sql`text`, (column) => column.notNull())
      .addColumn('recordedAt', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('orderEvent_key', ['stream', 'version'])
      .execute();
    await makeAppendOnly(db);
    await db.schema
      .createTable('orderSnapshot')
      .ifNotExists()
      .addColumn('stream', 'varchar(64)', (column) => column.primaryKey().notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('format', 'integer', (column) => column.notNull())
      .addColumn('state', sql`text`, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('orderCommand')
      .ifNotExists()
      .addColumn('commandDigest', 'varchar(64)', (column) => column.primaryKey().notNull())
      .addColumn('contentDigest', 'varchar(64)')
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .execute();
    await addIndexOnce(db, 'orderCommand', ['stream']);
    await db.schema
      .createTable('customerOrder')
      .ifNotExists()
      .addColumn('orderId', 'varchar(64)', (column) => column.primaryKey().notNull())
      .addColumn('customerId', 'integer', (column) => column.notNull())
      .addColumn('place', 'varchar(200)')
      .execute();
    await addIndexOnce(db, 'customerOrder', ['customerId', 'orderId']);
  },
};
