import { type Kysely, sql } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

/** Jobs of an earlier version have no fields: their columns had the names of the fields. */
export const importColumns = {
  up: async (db: Kysely<never>) => {
    await addColumnOnce(db, 'importJob', 'columnFields', sql`mediumtext`);
    await addColumnOnce(db, 'importJob', 'rounded', 'integer', (added) => added.notNull().defaultTo(0));
    await addColumnOnce(db, 'importJob', 'roundedLines', sql`text`);
  },
};
