import type { Kysely } from 'kysely';
import { addColumnOnce, addIndexOnce } from '../../../packages/database/migrate-once.ts';

export const customerRevisions = {
  up: async (db: Kysely<never>) => {
    await addColumnOnce(db, 'customer', 'revision', 'bigint', (column) => column.notNull().defaultTo(0));
    await db.schema
      .createTable('formerCustomer')
      .ifNotExists()
      .addColumn('customerId', 'integer', (column) => column.primaryKey())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('version', 'integer')
      .addColumn('createdAt', 'bigint')
      .addColumn('removedAt', 'bigint', (column) => column.notNull())
      .addColumn('isRepeated', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await addIndexOnce(db, 'formerCustomer', ['isRepeated', 'removedAt']);
  },
};
