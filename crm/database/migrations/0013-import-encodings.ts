import type { Kysely } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

export const importEncodings = {
  up: (db: Kysely<never>) => addColumnOnce(db, 'importJob', 'encoding', 'varchar(32)'),
};
