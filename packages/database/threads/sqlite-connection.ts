import { Worker } from 'node:worker_threads';
import { takeTurns } from '../../runtime/take-turns.ts';
import { TransientDatabaseError } from '../database-error.ts';
import { closeSqlite, openSqlite } from '../sqlite.ts';
import { inMemory } from '../sqlite-file.ts';
import { createExecutor, type SqliteResult, type SqliteStatement } from './execute-sqlite.js';

/** One connection to SQLite; it runs one statement at a time, in the order in which they come. */
export type SqliteConnection = {
  execute(statement: SqliteStatement): Promise<SqliteResult>;
  /** How many statements run or wait. */
  pending(): number;
  close(): Promise<void>;
};

type Answer = SqliteResult | { message: string; code: string | undefined };
type Asked = { resolve: (result: SqliteResult) => void; reject: (error: Error) => void };

/**
 * Starts a thread with a connection of its own. `settings` are the PRAGMAs of the connection. When the thread ends by itself,
 * its statements fail, and so does every later one: a transaction must not continue on another connection.
 * `onEnd` is called then, and at the end of `close`.
 */
export const startSqliteThread = (
  file: string,
  settings: string,
  onEnd: (trouble: TransientDatabaseError) => void = () => {},
): SqliteConnection => {
  // Without the options of this process: the TypeScript loader is not needed there.
  const thread = new Worker(new URL('./sqlite-thread.js', import.meta.url), {
    workerData: { file, settings },
    execArgv: [],
  });
  const asked: Asked[] = [];
  let ended: TransientDatabaseError | undefined;
  // Only a statement that runs keeps the process alive.
  const unrefIdle = () => asked.length === 0 && thread.unref();
  thread.on('online', unrefIdle);

  thread.on('message', (answer: Answer) => {
    const { resolve, reject } = asked.shift() as Asked;
    unrefIdle();
    if ('rows' in answer) resolve(answer);
    else reject(Object.assign(new Error(answer.message), { code: answer.code }));
  });
  const end = (cause: Error) => {
    if (!ended) {
      ended = new TransientDatabaseError('database-stopped', cause);
      onEnd(ended);
    }
    for (const { reject } of asked.splice(0)) reject(ended);
  };
  thread.on('error', (error) => end(new Error(`The thread of the database failed: ${error.message}`)));
  thread.on('exit', () => end(new Error('The thread of the database has ended.')));

  const ask = (message: SqliteStatement | 'close') =>
    new Promise<SqliteResult>((resolve, reject) => {
      if (ended) return reject(ended);
      thread.postMessage(message);
      asked.push({ resolve, reject });
      thread.ref();
    });

  return {
    execute: ({ sql, parameters }) => ask({ sql, parameters }),
    pending: () => asked.length,
    close: async () => {
      try {
        if (!ended) await ask('close');
      } catch (error) {
        // A thread that has ended has nothing left to close.
        if (error !== ended) throw error;
      } finally {
        await thread.terminate();
      }
    },
  };
};

/** A database in memory: it has neither locks nor a disk to wait for. Between its statements the event loop has its turn. */
export const openInMemory = (): SqliteConnection => {
  const database = openSqlite(inMemory);
  const execute = createExecutor(database);
  const turn = takeTurns();
  return {
    execute: async (statement) => {
      await turn();
      return execute(statement);
    },
    pending: () => 0,
    close: async () => closeSqlite(database),
  };
};
