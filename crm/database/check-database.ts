import { type Kysely, sql } from 'kysely';
import { getDiskHealth } from '../../packages/database/sqlite-dialect.ts';
import type { CrmDatabase } from './schema.ts';

/** Checks that the database answers and, if it is a file, that it can be written. @throws Error that states the cause */
export const checkDatabase = async (db: Kysely<CrmDatabase>): Promise<void> => {
  await db.selectFrom('connection').select('revision').limit(1).execute();
  await getDiskHealth(db)?.check(async () => {
    // SQLite leaves user_version to the application. It stays 0; only the write matters here.
    await sql`PRAGMA user_version = 0`.execute(db);
  });
};
