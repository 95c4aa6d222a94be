import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  RawNode,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { DiskHealth } from './disk-health.ts';
import type { Together } from './execute-together.ts';
import type { SqliteResult, SqliteStatement } from './threads/execute-sqlite.js';
import { openSqlitePool, type SqlitePool } from './threads/sqlite-pool.ts';

/** How long background work waits for the writer and for the lock of another process, without blocking the event loop. */
const defaultLockTimeoutMs = 30_000;

type SharedPool = { open(): SqlitePool; close(): Promise<void> };
type PoolAdapter = SqliteAdapter & { readonly pool?: SharedPool };

/**
 * A Kysely dialect for a SQLite file, whose statements run in threads, or for a database in memory (`:memory:`). `variables` as in
 * `openSqlite`.
 */
export const createSqliteDialect = (file: string, variables?: string): Dialect => {
  let pool: SqlitePool | undefined;
  const open = () => {
    pool ??= openSqlitePool(file, variables);
    return pool;
  };
  return createDialect({ open, close: async () => pool?.close() }, { isOwner: true });
};

/**
 * The same database with a shorter lock timeout: a statement that waits longer than `lockTimeoutMs` for a transaction or another
 * process fails with database-busy. It is closed with `db`. Returns `db` itself for a database in memory or on a server.
 */
export const withLockTimeout = <T>(db: Kysely<T>, lockTimeoutMs: number): Kysely<T> =>
  withWaiting(db, { lockTimeoutMs });

/**
 * The same database, whose writes come before all that wait in this process. It is for a background job with few short writes on which
 * others wait. It is closed with `db`. Returns `db` itself for a database in memory or on a server.
 */
export const withPriority = <T>(db: Kysely<T>): Kysely<T> => withWaiting(db, { isFirst: true });

const withWaiting = <T>(db: Kysely<T>, waiting: Waiting): Kysely<T> => {
  const { pool } = db.getExecutor().adapter as PoolAdapter;
  return pool?.open().read ? new Kysely<T>({ dialect: createDialect(pool, waiting) }) : db;
};

/** The disk health of a SQLite file; undefined for a database in memory or on a server. */
export const getDiskHealth = <T>(db: Kysely<T>): DiskHealth | undefined =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().health;

/** Whether the database is a SQLite file: neither in memory nor on a server. */
export const isSqliteFile = <T>(db: Kysely<T>): boolean =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().read !== undefined;

/** Whether another transaction of this process waits for the one that writes, without priority. False for a database on a server. */
export const isWriterWanted = <T>(db: Kysely<T>): boolean =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().queue.isWanted() ?? false;

/** How a connection waits for the writer. */
type Waiting = { readonly lockTimeoutMs?: number; readonly isFirst?: boolean };

const createDialect = (pool: SharedPool, options: Waiting & { isOwner?: boolean }): Dialect => ({
  createDriver: () => createDriver(pool, options),
  createAdapter: () => Object.assign(new SqliteAdapter(), { pool }),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: (db) => new SqliteIntrospector(db),
});

type LazyConnection = DatabaseConnection & Together & { release(): void };

const createDriver = (shared: SharedPool, { isOwner, ...waiting }: Waiting & { isOwner?: boolean }): Driver => {
  const execute = (text: string) => (connection: DatabaseConnection) =>
    connection.executeQuery(CompiledQuery.raw(text)).then(() => undefined);
  return {
    init: async () => void shared.open(),
    acquireConnection: async () => connect(shared.open(), waiting),
    beginTransaction: execute('begin'),
    commitTransaction: execute('commit'),
    rollbackTransaction: execute('rollback'),
    releaseConnection: async (connection) => (connection as LazyConnection).release(),
    destroy: async () => {
      if (isOwner) await shared.close();
    },
  };
};

/** Reads until the first statement that writes, then holds the writer until it is released. */
const connect = (
  { queue, read, write }: SqlitePool,
  { lockTimeoutMs = defaultLockTimeoutMs, isFirst = false }: Waiting,
): LazyConnection => {
  let isWriter = false;
  /** A transaction begins with its first statement, in the same call. */
  let begin: SqliteStatement[] = [];
  const writeAll = async (statements: readonly SqliteStatement[]): Promise<SqliteResult[]> => {
    const all = [...begin, ...statements];
    begin = [];
    const waitMs = isWriter ? 0 : await queue.acquire(lockTimeoutMs, isFirst);
    isWriter = true;
    const results = await write(all, lockTimeoutMs - waitMs);
    queue.progress();
    return results.slice(-statements.length);
  };
  return {
    executeQuery: async <R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> => {
      const statement = { sql, parameters };
      if (sql === 'begin') {
        begin = [statement];
        return noRows();
      }
      if (begin.length > 0 && (sql === 'commit' || sql === 'rollback')) {
        begin = [];
        return noRows();
      }
      const isReading = read && !isWriter && begin.length === 0 && isRead(query);
      const [result] = isReading ? await read([statement], lockTimeoutMs) : await writeAll([statement]);
      return toQueryResult<R>(result as SqliteResult);
    },
    executeTogether: async (queries) => {
      await writeAll(queries.map(({ sql, parameters }) => ({ sql, parameters })));
    },
    // biome-ignore lint/correctness/useYield: lists are read in pages, so that no list holds a connection
    streamQuery: async function* () {
      throw new Error('streaming from SQLite is not supported: read in pages');
    },
    release: () => {
      if (isWriter) queue.release();
      isWriter = false;
    },
  };
};

const noRows = () => ({ rows: [] });

const isRead = (query: CompiledQuery['query']): boolean =>
  SelectQueryNode.is(query) || (RawNode.is(query) && /^\s*select\b/i.test(query.sqlFragments[0] ?? ''));

const toQueryResult = <R>({ rows, changes, lastInsertRowid }: SqliteResult): QueryResult<R> => ({
  rows: rows as R[],
  ...(changes !== undefined && { numAffectedRows: BigInt(changes) }),
  ...(lastInsertRowid !== undefined && { insertId: BigInt(lastInsertRowid) }),
});
