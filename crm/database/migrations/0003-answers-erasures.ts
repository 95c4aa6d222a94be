import type { Kysely } from 'kysely';
import { addIndexOnce } from '../../../packages/database/migrate-once.ts';

export const answersErasures = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('storedAnswer')
      .ifNotExists()
      .addColumn('keyDigest', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('contentDigest', 'varchar(64)')
      .addColumn('customerId', 'integer')
      .addColumn('answer', 'text')
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('erasedCustomer')
      .ifNotExists()
      .addColumn('customerId', 'integer', (column) => column.primaryKey())
      .addColumn('erasedAt', 'bigint', (column) => column.notNull())
      .execute();
    await addIndexOnce(db, 'mandateChange', ['customerId', 'revision']);
    await addIndexOnce(db, 'storedAnswer', ['customerId']);
    await addIndexOnce(db, 'storedAnswer', ['createdAt']);
  },
};
