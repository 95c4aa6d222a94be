import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { openSqlite, type SqliteDatabase } from '../../lib/embedded/database.ts';
import { migrations } from './migrations.ts';
import type { CrmDatabase } from './schema.ts';

export type CrmDatabaseUrl = 'memory' | `sqlite:${string}`;

/** Opens the CRM's database and brings its schema up to date. */
export const openCrmDatabase = async (url: CrmDatabaseUrl): Promise<Kysely<CrmDatabase>> => {
  const sqlite = openSqlite(url === 'memory' ? ':memory:' : url.slice('sqlite:'.length));
  const db = new Kysely<CrmDatabase>({ dialect: new SqliteDialect({ database: lockingAtBegin(sqlite) }) });
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  if (error) throw error;
  return db;
};

/** A transaction that reads before it writes must hold the write lock from its start, or two of them fail each other. */
const lockingAtBegin = (sqlite: SqliteDatabase) => ({
  prepare: (sql: string) => sqlite.prepare(sql === 'begin' ? 'begin immediate' : sql),
  close: () => {
    sqlite.close();
  },
});
