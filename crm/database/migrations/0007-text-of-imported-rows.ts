import { type Kysely, sql } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

/** Older rows have null. An erasure scans them one by one, and the retention job purges them after 30 days. */
export const textOfImportedRows = {
  up: (db: Kysely<never>) => addColumnOnce(db, 'importedRow', 'textKey', sql`mediumtext`),
};
