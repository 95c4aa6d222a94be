import { type Kysely, sql } from 'kysely';
import { addIndexOnce } from '../../../packages/database/migrate-once.ts';

/** MySQL limits `text` to 64 KiB. */
const longText = sql`mediumtext`;

export const imports = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('importJob')
      .ifNotExists()
      .addColumn('importId', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('fileName', 'varchar(100)', (column) => column.notNull())
      .addColumn('digest', 'varchar(64)', (column) => column.notNull())
      .addColumn('bytes', 'bigint', (column) => column.notNull())
      .addColumn('lines', 'integer', (column) => column.notNull())
      .addColumn('columns', longText, (column) => column.notNull())
      .addColumn('onConflict', 'varchar(8)', (column) => column.notNull())
      .addColumn('dryRun', 'integer', (column) => column.notNull())
      .addColumn('state', 'varchar(8)', (column) => column.notNull())
      .addColumn('failure', 'varchar(255)')
      .addColumn('pass', 'integer', (column) => column.notNull())
      .addColumn('line', 'integer', (column) => column.notNull())
      .addColumn('bytesDone', 'bigint', (column) => column.notNull())
      .addColumn('created', 'integer', (column) => column.notNull())
      .addColumn('updated', 'integer', (column) => column.notNull())
      .addColumn('unchanged', 'integer', (column) => column.notNull())
      .addColumn('skipped', 'integer', (column) => column.notNull())
      .addColumn('refused', 'integer', (column) => column.notNull())
      .addColumn('recoded', 'integer', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .addColumn('startedAt', 'bigint')
      .addColumn('finishedAt', 'bigint')
      .execute();
    await db.schema
      .createTable('importedRow')
      .ifNotExists()
      .addColumn('importId', 'varchar(64)', (column) => column.notNull())
      .addColumn('line', 'integer', (column) => column.notNull())
      .addColumn('outcome', 'varchar(8)', (column) => column.notNull())
      .addColumn('customerId', 'integer')
      .addColumn('connectionId', 'varchar(64)')
      .addColumn('problems', longText, (column) => column.notNull())
      .addColumn('cells', longText, (column) => column.notNull())
      .addPrimaryKeyConstraint('importedRow_key', ['importId', 'line'])
      .execute();
    // An erasure finds the rows about a person by these indexes.
    await addIndexOnce(db, 'importedRow', ['customerId']);
    await addIndexOnce(db, 'importedRow', ['connectionId']);
  },
};
