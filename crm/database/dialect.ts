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
import { type MysqlAddress, mapMysqlError, openMysqlPool } from '../../packages/database/mysql.ts';
import { isSqliteFile } from '../../packages/database/sqlite-dialect.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase } from './schema.ts';

/** The differences between the databases in queries and transactions. Every other query is written once, for all of them. */

const sessionSettings = [
  // Read committed takes no gap locks, so transactions seldom wait for each other.
  'set session transaction isolation level read committed',
  // MySQL refuses a value that does not fit into its column, instead of truncating it.
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 5",
];

export const createMysqlDialect = (address: MysqlAddress, statementTimeoutMs: number | undefined): Dialect => {
  const pool = openMysqlPool(address, { statementTimeoutMs });
  const onCreateConnection = async (connection: DatabaseConnection) => {
    for (const setting of sessionSettings) await connection.executeQuery(CompiledQuery.raw(setting));
  };
  return errorMappingDialect(new MysqlDialect({ pool, onCreateConnection }), mapMysqlError);
};

export const isMysql = (db: Kysely<never> | Kysely<CrmDatabase>): boolean =>
  db.getExecutor().adapter instanceof MysqlAdapter;

/**
 * Runs migrations in one process at a time. On SQLite they are one transaction. MySQL commits each statement; there Kysely
 * holds a lock, which the server releases when the process dies.
 */
export const runExclusively = <T>(db: Kysely<never>, work: (db: Kysely<never>) => Promise<T>): Promise<T> =>
  isMysql(db)
    ? work(db.withPlugin(binaryCollation))
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

/**
 * Creates tables with transactions, all of Unicode and byte-wise comparison of ids, regardless of the server's defaults.
 */
const binaryCollation: KyselyPlugin = {
  transformQuery: ({ node }) => {
    const options = 'engine = InnoDB character set utf8mb4 collate utf8mb4_bin';
    return CreateTableNode.is(node) ? CreateTableNode.cloneWithEndModifier(node, RawNode.createWithSql(options)) : node;
  },
  transformResult: async ({ result }) => result,
};

/** Our own readers finish their short statements within this time. */
const truncateTimeoutMs = 10_000;
const truncateRetryMs = 20;

/**
 * Purges the bytes of deleted rows from a SQLite file. They stay there until they are overwritten, and `secure_delete`
 * misses the copies that a page split leaves (docs/adr/0015), so VACUUM rewrites the file and the write-ahead log is
 * truncated. On MySQL it does nothing: the administrator is responsible for the server's storage.
 * @param timeoutMs how long to wait for readers of the old pages
 * @throws DomainError database-in-use when another process still reads the old pages
 */
export const purgeDeletedBytes = async (db: Kysely<CrmDatabase>, timeoutMs = truncateTimeoutMs): Promise<void> => {
  if (!isSqliteFile(db)) return;
  await sql`VACUUM`.execute(db);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
    if (!rows[0]?.busy) return;
    if (performance.now() > deadline) break;
    await delay(truncateRetryMs);
  }
  const detail = 'No row names the person any more, but another process still reads old pages of the database file.';
  throw new DomainError('database-in-use', detail, { remedy: 'repeat the request; an erasure may be repeated' });
};
