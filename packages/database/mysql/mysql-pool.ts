import { createPool, type Pool, type PoolConnection } from 'mysql2';
import { TransientDatabaseError } from '../database-error.ts';

export type MysqlAddress = { host: string; port: number; user: string; password: string; database: string };

/**
 * Opens a pool of connections to MySQL or MariaDB, which replaces broken connections. A statement without a response within
 * `statementTimeoutMs` fails and closes its connection, because the server may be paused or the network down.
 */
export const openMysqlPool = (
  address: MysqlAddress,
  {
    connectTimeoutMs = 5_000,
    statementTimeoutMs,
  }: { connectTimeoutMs?: number; statementTimeoutMs?: number | undefined } = {},
): Pool => {
  const pool = createPool({
    ...address,
    connectionLimit: 10,
    connectTimeout: connectTimeoutMs,
    charset: 'utf8mb4',
  });
  if (statementTimeoutMs !== undefined)
    pool.on('connection', (connection) => setStatementTimeout(connection, statementTimeoutMs));
  return pool;
};

type Callback = (error: Error & { code?: string }, ...more: unknown[]) => void;

const setStatementTimeout = (connection: PoolConnection, timeout: number) => {
  const query = connection.query.bind(connection) as (options: object, answer?: Callback) => unknown;
  const limited = (sql: string, values: unknown[], answer?: Callback) =>
    query(
      { sql, values, timeout },
      answer &&
        ((error, ...more) => {
          // The response may still arrive, and the next query would take it for its own.
          if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') connection.destroy();
          answer(error, ...more);
        }),
    );
  connection.query = limited as unknown as PoolConnection['query'];
};

/** Codes of a server that cannot serve us at the moment. */
const unavailableCodes = new Set([
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_ACCESS_DENIED_ERROR',
  'ER_BAD_DB_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
]);
const conflictCodes = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_DUP_ENTRY']);
/** Their messages name only tables and columns. All other messages may quote values. */
const safeMessageCodes = new Set([
  'ER_DUP_KEYNAME',
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR',
  'ER_DATA_TOO_LONG',
  'ER_NO_DEFAULT_FOR_FIELD',
]);

/**
 * Maps a MySQL error to one that is safe to log: without statement, values and password.
 * @returns TransientDatabaseError if a retry may succeed
 */
export const mapMysqlError = (error: Error & Partial<MysqlError>): Error => {
  if (error instanceof TransientDatabaseError) return error;
  const { code = '', errno, fatal, syscall, message } = error;
  // A dead connection has no server code; a network error has a syscall.
  const isUnavailable = fatal || syscall || unavailableCodes.has(code);
  const cause = new Error(
    isUnavailable || safeMessageCodes.has(code) ? message : `${code || error.name} ${errno ?? ''}`,
  );
  if (conflictCodes.has(code)) return new TransientDatabaseError('database-conflict', cause);
  return isUnavailable ? new TransientDatabaseError('database-away', cause) : cause;
};

type MysqlError = { code: string; errno: number; fatal: boolean; syscall: string };
