import {
  CompiledQuery,
  CreateTableNode,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  type KyselyPlugin,
  MysqlAdapter,
  MysqlDialect,
  RawNode,
  SqliteDialect,
  sql,
} from 'kysely';
import { explainedDialect } from '../../lib/database/explained-dialect.ts';
import { explainMysqlError, type MysqlAddress, openMysqlPool } from '../../lib/database/mysql.ts';
import { closeSqlite, explainSqliteError, openSqlite, type SqliteDatabase } from '../../lib/database/sqlite.ts';
import { DomainError } from '../../lib/domain-error.ts';
import type { CrmDatabase } from './schema.ts';

/** What the databases do differently stands here, and only here: queries are written once, for all of them. */

export const sqliteDialect = (file: string): Dialect => {
  const sqlite = openSqlite(file);
  const meant = statements(sqlite);
  const prepare = rememberingInserts((text) => sqlite.prepare(meant(text)));
  const database = { prepare, close: () => closeSqlite(sqlite) };
  return explainedDialect(new SqliteDialect({ database }), explainSqliteError);
};

const rememberedInserts = 16;

/** An import writes many rows at once with a few very long statements, again and again: to parse them costs a tenth of it. */
const rememberingInserts = <Statement>(prepare: (text: string) => Statement): ((text: string) => Statement) => {
  const remembered = new Map<string, Statement>();
  return (text) => {
    if (!text.startsWith('insert into')) return prepare(text);
    const statement = remembered.get(text) ?? prepare(text);
    remembered.delete(text);
    remembered.set(text, statement);
    const [oldest] = remembered.keys();
    if (remembered.size > rememberedInserts && oldest !== undefined) remembered.delete(oldest);
    return statement;
  };
};

/** How Kysely's statements are meant on SQLite. */
const statements = (sqlite: SqliteDatabase) => (text: string) => {
  // A transaction that reads before it writes must hold the write lock from its start, or two of them fail each other.
  if (text === 'begin') return 'begin immediate';
  // Who holds the write lock needs no locks on rows.
  if (text.endsWith(' for update')) return text.slice(0, -' for update'.length);
  // A full disk has rolled back already: a second roll-back would fail and hide the cause.
  if (text === 'rollback' && !sqlite.inTransaction) return 'select 1 where false';
  return text;
};

const sessionSettings = [
  // Statements see what is committed, and lock rows but no gaps between them: transactions seldom wait for each other.
  'set session transaction isolation level read committed',
  // What does not fit is refused, never cut off.
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 5",
];

export const mysqlDialect = (address: MysqlAddress, answerWithinMs: number | undefined): Dialect => {
  const pool = openMysqlPool(address, { answerWithinMs });
  const onCreateConnection = async (connection: DatabaseConnection) => {
    for (const setting of sessionSettings) await connection.executeQuery(CompiledQuery.raw(setting));
  };
  return explainedDialect(new MysqlDialect({ pool, onCreateConnection }), explainMysqlError);
};

const isMysql = (db: Kysely<never> | Kysely<CrmDatabase>): boolean => db.getExecutor().adapter instanceof MysqlAdapter;

/**
 * Runs migrations alone. On SQLite they are one transaction; MySQL commits each statement, and Kysely holds a lock that
 * the server gives up when the process dies.
 */
export const migratingAlone = <T>(db: Kysely<never>, work: (db: Kysely<never>) => Promise<T>): Promise<T> =>
  isMysql(db)
    ? work(db.withPlugin(tablesCompareBytes))
    : db.connection().execute(async (connection) => {
        await sql`begin`.execute(connection);
        try {
          const result = await work(connection);
          await sql`commit`.execute(connection);
          return result;
        } catch (error) {
          await sql`rollback`.execute(connection);
          throw error;
        }
      });

/** Whatever the server's default is: transactions, every character, and no two ids taken for one. */
const tablesCompareBytes: KyselyPlugin = {
  transformQuery: ({ node }) => {
    const options = 'engine = InnoDB character set utf8mb4 collate utf8mb4_bin';
    return CreateTableNode.is(node) ? CreateTableNode.cloneWithEndModifier(node, RawNode.createWithSql(options)) : node;
  },
  transformResult: async ({ result }) => result,
};

/**
 * A deleted row's bytes stay in a SQLite file until something is written over them, and `secure_delete` misses those that
 * a page kept when it was split (docs/adr/0015). So the file is written anew, and its log emptied. A server's own storage
 * is its administrator's affair.
 * @throws DomainError database-in-use while another process reads what was there before
 */
export const forgetDeletedBytes = async (db: Kysely<CrmDatabase>): Promise<void> => {
  if (isMysql(db)) return;
  await sql`VACUUM`.execute(db);
  const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  if (!rows[0]?.busy) return;
  const detail = 'Nothing names the person any more, but another process still reads the bytes of before.';
  throw new DomainError('database-in-use', detail, { remedy: 'ask for it again: it may be repeated' });
};
