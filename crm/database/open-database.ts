import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { closeSqlite, openSqlite, type SqliteDatabase } from '../../lib/sqlite.ts';
import { migrations } from './migrations.ts';
import type { CrmDatabase } from './schema.ts';

export type CrmDatabaseUrl = 'memory' | `sqlite:${string}`;

/** Opens the CRM's database and brings its schema up to date. */
export const openCrmDatabase = async (url: CrmDatabaseUrl): Promise<Kysely<CrmDatabase>> => {
  const sqlite = openSqlite(url === 'memory' ? ':memory:' : url.slice('sqlite:'.length));
  const db = new Kysely<CrmDatabase>({ dialect: new SqliteDialect({ database: transactional(sqlite) }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const first = await migrator.migrateToLatest();
  // The loser of two processes that migrate at the same time finds everything done the second time.
  const { error } = first.error ? await migrator.migrateToLatest() : first;
  if (error) throw error;
  return db;
};

/** How Kysely's own statements are meant here. */
const statements = (sqlite: SqliteDatabase) => (sql: string) => {
  // A transaction that reads before it writes must hold the write lock from its start, or two of them fail each other.
  if (sql === 'begin') return 'begin immediate';
  // A full disk has rolled back already: a second roll-back would fail and hide the cause.
  if (sql === 'rollback' && !sqlite.inTransaction) return 'select 1 where false';
  return sql;
};

const transactional = (sqlite: SqliteDatabase) => {
  const meant = statements(sqlite);
  return { prepare: (sql: string) => sqlite.prepare(meant(sql)), close: () => closeSqlite(sqlite) };
};
