import { type Kysely, sql } from 'kysely';
import { getDiskHealth } from './sqlite-dialect.ts';

/** Checks that `read` succeeds and, if the database is a file, that it can be written. @throws Error that states the cause */
export const checkDatabase = async <DB>(db: Kysely<DB>, read: () => Promise<unknown>): Promise<void> => {
  await read();
  await getDiskHealth(db)?.check(async () => {
    // SQLite leaves user_version to the application. It stays 0; only the write matters here.
    await sql`PRAGMA user_version = 0`.execute(db);
  });
};
