import { type Kysely, sql } from 'kysely';
import { diskHealthOf } from '../../packages/database/sqlite-dialect.ts';
import type { CrmDatabase } from './schema.ts';

/** Whether the database answers and, where it is a file, can be written. @throws Error that says what is wrong */
export const checkDatabase = async (db: Kysely<CrmDatabase>): Promise<void> => {
  await db.selectFrom('connection').select('revision').limit(1).execute();
  await diskHealthOf(db)?.check(async () => {
    // The number is ours to use, and stays what it is: only whether it can be written matters.
    await sql`PRAGMA user_version = 0`.execute(db);
  });
};
