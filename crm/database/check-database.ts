import type { Kysely } from 'kysely';
import { checkDatabase as check } from '../../packages/database/check-database.ts';
import type { CrmDatabase } from './schema.ts';

/** Checks that the database answers and, if it is a file, that it can be written. @throws Error that states the cause */
export const checkDatabase = (db: Kysely<CrmDatabase>): Promise<void> =>
  check(db, () => db.selectFrom('connection').select('revision').limit(1).execute());
