import { Worker } from 'node:worker_threads';
import { createYielder } from '../../runtime/yield-to-event-loop.ts';
import { TransientDatabaseError } from '../database-error.ts';
import { closeSqlite, openSqlite } from '../sqlite.ts';
import { inMemory } from '../sqlite-file.ts';
import { createExecutor, type SqliteResult, type SqliteStatement } from './execute-sqlite.js';

/** A connection to SQLite, which runs one call at a time, in call order. */
export type SqliteConnection = {
  /** Runs the statements in order, up to the first that fails. Several statements must belong to one transaction. */
  execute(statements: readonly SqliteStatement[]): Promise<SqliteResult[]>;
  /** The number of calls that run or wait. */
  pending(): number;
  close(): Promise<void>;
};

type ThreadMessage = SqliteResult[] | { message: string; code: string | undefined };
type PendingCall = { resolve: (results: SqliteResult[]) => void; reject: (error: Error) => void };

/** A thread holds one statement and its result at a time. With the default it would keep up to 48 MB of garbage. */
const maxYoungGenerationSizeMb = 4;

/**
 * Starts a thread with its own connection. `settings` are the PRAGMAs of the connection. If the thread ends unexpectedly, its pending
 * and all later calls fail, because a transaction must not continue on another connection. `onEnd` is called when the thread
 * ends, also after `close`.
 */
export const startSqliteThread = (
  file: string,
  settings: string,
  onEnd: (error: TransientDatabaseError) => void = () => {},
): SqliteConnection => {
  // execArgv is empty, because the thread does not need the TypeScript loader.
  const thread = new Worker(new URL('./sqlite-thread.js', import.meta.url), {
    workerData: { file, settings },
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb },
  });
  const pending: PendingCall[] = [];
  let endError: TransientDatabaseError | undefined;
  // Only a pending call keeps the process alive.
  const unrefIdle = () => pending.length === 0 && thread.unref();
  thread.on('online', unrefIdle);

  thread.on('message', (message: ThreadMessage) => {
    const { resolve, reject } = pending.shift() as PendingCall;
    unrefIdle();
    if (Array.isArray(message)) resolve(message);
    else reject(Object.assign(new Error(message.message), { code: message.code }));
  });
  const end = (cause: Error) => {
    if (!endError) {
      endError = new TransientDatabaseError('database-stopped', cause);
      onEnd(endError);
    }
    for (const { reject } of pending.splice(0)) reject(endError);
  };
  thread.on('error', (error) => end(new Error(`The thread of the database failed: ${error.message}`)));
  thread.on('exit', () => end(new Error('The thread of the database has ended.')));

  const send = (message: readonly SqliteStatement[] | 'close') =>
    new Promise<SqliteResult[]>((resolve, reject) => {
      if (endError) return reject(endError);
      thread.postMessage(message);
      pending.push({ resolve, reject });
      thread.ref();
    });

  return {
    execute: send,
    pending: () => pending.length,
    close: async () => {
      try {
        if (!endError) await send('close');
      } catch (error) {
        // An ended thread has nothing to close.
        if (error !== endError) throw error;
      } finally {
        await thread.terminate();
      }
    },
  };
};

/** A database in memory, on the main thread; it yields to the event loop between calls. */
export const openInMemory = (): SqliteConnection => {
  const database = openSqlite(inMemory);
  const execute = createExecutor(database);
  const yieldTurn = createYielder();
  return {
    execute: async (statements) => {
      await yieldTurn();
      return execute(statements);
    },
    pending: () => 0,
    close: async () => closeSqlite(database),
  };
};
