import { createPool, type Pool, type PoolConnection } from 'mysql2';
import { TransientDatabaseError } from './database-error.ts';

export type MysqlAddress = { host: string; port: number; user: string; password: string; database: string };

/**
 * A pool of connections to MySQL or MariaDB; one that breaks is replaced. A statement that is not answered within
 * `answerWithinMs` fails, and its connection is given up: the server may be paused, or the network gone.
 */
export const openMysqlPool = (
  address: MysqlAddress,
  { connectWithinMs = 5_000, answerWithinMs }: { connectWithinMs?: number; answerWithinMs?: number | undefined } = {},
): Pool => {
  const pool = createPool({
    ...address,
    connectionLimit: 10,
    connectTimeout: connectWithinMs,
    charset: 'utf8mb4',
  });
  if (answerWithinMs !== undefined) pool.on('connection', (connection) => limitStatements(connection, answerWithinMs));
  return pool;
};

type Answer = (error: Error & { code?: string }, ...more: unknown[]) => void;

const limitStatements = (connection: PoolConnection, timeout: number) => {
  const query = connection.query.bind(connection) as (options: object, answer?: Answer) => unknown;
  const limited = (sql: string, values: unknown[], answer?: Answer) =>
    query(
      { sql, values, timeout },
      answer &&
        ((error, ...more) => {
          // Its answer may still arrive, and the next query would take it for its own.
          if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') connection.destroy();
          answer(error, ...more);
        }),
    );
  connection.query = limited as unknown as PoolConnection['query'];
};

/** What a server says that cannot serve us now. */
const away = new Set([
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
const conflicts = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_DUP_ENTRY']);
/** Their texts name tables and columns. All other texts may quote what was written. */
const quotesNoValue = new Set([
  'ER_DUP_KEYNAME',
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR',
  'ER_DATA_TOO_LONG',
  'ER_NO_DEFAULT_FOR_FIELD',
]);

/**
 * What may be logged of an error: neither statement nor values nor password.
 * @returns DatabaseTrouble when the same may be asked again
 */
export const explainMysqlError = (error: Error & Partial<MysqlError>): Error => {
  if (error instanceof TransientDatabaseError) return error;
  const { code = '', errno, fatal, syscall, message } = error;
  // A dead connection has no code of the server's; what the network says has a system call.
  const isAway = fatal || syscall || away.has(code);
  const cause = new Error(isAway || quotesNoValue.has(code) ? message : `${code || error.name} ${errno ?? ''}`);
  if (conflicts.has(code)) return new TransientDatabaseError('database-conflict', cause);
  return isAway ? new TransientDatabaseError('database-away', cause) : cause;
};

type MysqlError = { code: string; errno: number; fatal: boolean; syscall: string };
