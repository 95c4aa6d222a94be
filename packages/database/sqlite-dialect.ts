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
import type { SqliteResult } from './threads/execute-sqlite.js';
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
  return createDialect({ open, close: async () => pool?.close() }, defaultLockTimeoutMs, true);
};

/**
 * The same database with a shorter lock timeout: a statement that waits longer than `lockTimeoutMs` for a transaction or another
 * process fails with database-busy. It is closed with `db`. Returns `db` itself for a database in memory or on a server.
 */
export const withLockTimeout = <T>(db: Kysely<T>, lockTimeoutMs: number): Kysely<T> => {
  const { pool } = db.getExecutor().adapter as PoolAdapter;
  return pool?.open().read ? new Kysely<T>({ dialect: createDialect(pool, lockTimeoutMs, false) }) : db;
};

/** The disk health of a SQLite file; undefined for a database in memory or on a server. */
export const getDiskHealth = <T>(db: Kysely<T>): DiskHealth | undefined =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().health;

/** Whether the database is a SQLite file: neither in memory nor on a server. */
export const isSqliteFile = <T>(db: Kysely<T>): boolean =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().read !== undefined;

const createDialect = (pool: SharedPool, lockTimeoutMs: number, isOwner: boolean): Dialect => ({
  createDriver: () => createDriver(pool, lockTimeoutMs, isOwner),
  createAdapter: () => Object.assign(new SqliteAdapter(), { pool }),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: (db) => new SqliteIntrospector(db),
});

type LazyConnection = DatabaseConnection & { release(): void };

const createDriver = (shared: SharedPool, lockTimeoutMs: number, isOwner: boolean): Driver => {
  const execute = (text: string) => (connection: DatabaseConnection) =>
    connection.executeQuery(CompiledQuery.raw(text)).then(() => undefined);
  return {
    init: async () => void shared.open(),
    acquireConnection: async () => connect(shared.open(), lockTimeoutMs),
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
const connect = ({ queue, read, write }: SqlitePool, lockTimeoutMs: number): LazyConnection => {
  let isWriter = false;
  return {
    executeQuery: async <R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> => {
      const statement = { sql, parameters };
      if (read && !isWriter && isRead(query)) return toQueryResult<R>(await read(statement, lockTimeoutMs));
      const waitMs = isWriter ? 0 : await queue.acquire(lockTimeoutMs);
      isWriter = true;
      const result = await write(statement, lockTimeoutMs - waitMs);
      queue.progress();
      return toQueryResult<R>(result);
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

const isRead = (query: CompiledQuery['query']): boolean =>
  SelectQueryNode.is(query) || (RawNode.is(query) && /^\s*select\b/i.test(query.sqlFragments[0] ?? ''));

const toQueryResult = <R>({ rows, changes, lastInsertRowid }: SqliteResult): QueryResult<R> => ({
  rows: rows as R[],
  ...(changes !== undefined && { numAffectedRows: BigInt(changes) }),
  ...(lastInsertRowid !== undefined && { insertId: BigInt(lastInsertRowid) }),
});
