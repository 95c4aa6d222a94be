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

/** How long work in the background waits for the writer, and for a lock of another process. It blocks nothing meanwhile. */
const usualPatienceMs = 30_000;

type SharedPool = { open(): SqlitePool; close(): Promise<void> };
type PoolAdapter = SqliteAdapter & { readonly pool?: SharedPool };

/** Kysely on a SQLite file, whose statements run in threads, or on a database in memory (`:memory:`). */
export const sqliteDialect = (file: string): Dialect => {
  let pool: SqlitePool | undefined;
  const open = () => {
    pool ??= openSqlitePool(file);
    return pool;
  };
  return dialectOf({ open, close: async () => pool?.close() }, usualPatienceMs, true);
};

/**
 * The same database for work that must not wait: what one transaction, or another process, keeps waiting for longer than
 * `patienceMs` fails with database-busy. It is closed with `db`. A database in memory or on a server stays as it is.
 */
export const withPatience = <T>(db: Kysely<T>, patienceMs: number): Kysely<T> => {
  const { pool } = db.getExecutor().adapter as PoolAdapter;
  return pool?.open().read ? new Kysely<T>({ dialect: dialectOf(pool, patienceMs, false) }) : db;
};

/** Of the disk that a SQLite file is on; undefined for a database in memory or on a server. */
export const diskHealthOf = <T>(db: Kysely<T>): DiskHealth | undefined =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().health;

/** Whether the database is a SQLite file: neither in memory nor on a server. */
export const isSqliteFile = <T>(db: Kysely<T>): boolean =>
  (db.getExecutor().adapter as PoolAdapter).pool?.open().read !== undefined;

const dialectOf = (pool: SharedPool, patienceMs: number, isOwner: boolean): Dialect => ({
  createDriver: () => driverOf(pool, patienceMs, isOwner),
  createAdapter: () => Object.assign(new SqliteAdapter(), { pool }),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: (db) => new SqliteIntrospector(db),
});

type LazyConnection = DatabaseConnection & { release(): void };

const driverOf = (shared: SharedPool, patienceMs: number, isOwner: boolean): Driver => {
  const execute = (text: string) => (connection: DatabaseConnection) =>
    connection.executeQuery(CompiledQuery.raw(text)).then(() => undefined);
  return {
    init: async () => void shared.open(),
    acquireConnection: async () => connect(shared.open(), patienceMs),
    beginTransaction: execute('begin'),
    commitTransaction: execute('commit'),
    rollbackTransaction: execute('rollback'),
    releaseConnection: async (connection) => (connection as LazyConnection).release(),
    destroy: async () => {
      if (isOwner) await shared.close();
    },
  };
};

/** Takes the writer with the first statement that needs it, and keeps it until it is released; until then it reads. */
const connect = ({ queue, read, write }: SqlitePool, patienceMs: number): LazyConnection => {
  let isWriter = false;
  return {
    executeQuery: async <R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> => {
      const statement = { sql, parameters };
      if (read && !isWriter && isRead(query)) return asQueryResult<R>(await read(statement, patienceMs));
      const waitedMs = isWriter ? 0 : await queue.acquire(patienceMs);
      isWriter = true;
      const result = await write(statement, patienceMs - waitedMs);
      queue.progress();
      return asQueryResult<R>(result);
    },
    // biome-ignore lint/correctness/useYield: lists are read page by page, so that none holds a connection
    streamQuery: async function* () {
      throw new Error('there are no streams from SQLite: read page by page');
    },
    release: () => {
      if (isWriter) queue.release();
      isWriter = false;
    },
  };
};

const isRead = (query: CompiledQuery['query']): boolean =>
  SelectQueryNode.is(query) || (RawNode.is(query) && /^\s*select\b/i.test(query.sqlFragments[0] ?? ''));

const asQueryResult = <R>({ rows, changes, lastInsertRowid }: SqliteResult): QueryResult<R> => ({
  rows: rows as R[],
  ...(changes !== undefined && { numAffectedRows: BigInt(changes) }),
  ...(lastInsertRowid !== undefined && { insertId: BigInt(lastInsertRowid) }),
});
