import { type Kysely, sql } from 'kysely';
import { addColumnOnce } from '../migrate-once.ts';

/** Null in rows of before: they are looked through one by one, and are gone after 30 days. */
export const textOfImportedRows = {
  up: (db: Kysely<never>) => addColumnOnce(db, 'importedRow', 'textKey', sql`mediumtext`),
};
