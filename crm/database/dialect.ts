import { setTimeout as delay } from 'node:timers/promises';
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
  sql,
} from 'kysely';
import { errorMappingDialect } from '../../packages/database/error-mapping-dialect.ts';
import { explainMysqlError, type MysqlAddress, openMysqlPool } from '../../packages/database/mysql.ts';
import { isSqliteFile } from '../../packages/database/sqlite-dialect.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase } from './schema.ts';

/** What the databases do differently is here, and only here: queries are written once, for all of them. */

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
  return errorMappingDialect(new MysqlDialect({ pool, onCreateConnection }), explainMysqlError);
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

/** Readers of ours have their short statements behind them by then. */
const truncateWithinMs = 10_000;
const truncateEveryMs = 20;

/**
 * A deleted row's bytes stay in a SQLite file until something is written over them, and `secure_delete` misses those that
 * a page kept when it was split (docs/adr/0015). So the file is written anew, and its log emptied. A server's own storage
 * is its administrator's affair.
 * @throws DomainError database-in-use while another process reads what was there before
 */
export const forgetDeletedBytes = async (db: Kysely<CrmDatabase>, waitMs = truncateWithinMs): Promise<void> => {
  if (!isSqliteFile(db)) return;
  await sql`VACUUM`.execute(db);
  const until = performance.now() + waitMs;
  for (;;) {
    const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
    if (!rows[0]?.busy) return;
    if (performance.now() > until) break;
    await delay(truncateEveryMs);
  }
  const detail = 'Nothing names the person any more, but another process still reads the bytes of before.';
  throw new DomainError('database-in-use', detail, { remedy: 'ask for it again: it may be repeated' });
};
