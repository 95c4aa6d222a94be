import { DatabaseTrouble } from './database-trouble.ts';
import type { SqliteResult, SqliteStatement } from './execute-sqlite.js';
import { retryBusy } from './retry-busy.ts';
import { explainSqliteError, openSqlite, readerSettings, writerSettings } from './sqlite.ts';
import { openInMemory, type SqliteConnection, startSqliteThread } from './sqlite-connection.ts';
import { createWriterQueue, type WriterQueue } from './writer-queue.ts';

const readerCount = 2;
const closeWithinMs = 10_000;

/** The connections of a process to one SQLite database: one that writes, and beside it those that read what is committed. */
export type SqlitePool = {
  readonly queue: WriterQueue;
  /** On the connection that writes; only while the queue is held. `busyMs`: how long it retries while another process writes. */
  write(statement: SqliteStatement, busyMs: number): Promise<SqliteResult>;
  /** Beside a transaction that writes, if it can: undefined where there is one connection for all. */
  readonly read: ((statement: SqliteStatement, busyMs: number) => Promise<SqliteResult>) | undefined;
  close(): Promise<void>;
};

const executeOn = async (connection: SqliteConnection, statement: SqliteStatement, busyMs: number) => {
  try {
    return await retryBusy(() => connection.execute(statement), busyMs);
  } catch (error) {
    throw error instanceof DatabaseTrouble ? error : explainSqliteError(error as Error);
  }
};

/** @throws ConfigError when the file cannot be used */
export const openSqlitePool = (file: string): SqlitePool => {
  const queue = createWriterQueue();
  if (file === ':memory:') {
    const only = openInMemory();
    return {
      queue,
      write: (statement, busyMs) => executeOn(only, statement, busyMs),
      read: undefined,
      close: only.close,
    };
  }
  // Says what is wrong with the file, and makes it what the threads expect.
  openSqlite(file).close();
  const writer = startSqliteThread(file, writerSettings);
  const readers = Array.from({ length: readerCount }, () => startSqliteThread(file, readerSettings));
  const leastBusy = () => readers.reduce((least, reader) => (reader.pending() < least.pending() ? reader : least));
  return {
    queue,
    write: (statement, busyMs) => executeOn(writer, statement, busyMs),
    read: (statement, busyMs) => executeOn(leastBusy(), statement, busyMs),
    close: async () => {
      await queue.acquire(closeWithinMs).catch(() => {});
      await Promise.all(readers.map((reader) => reader.close()));
      // Leaves everything in the one file, so that a copy of it is a backup.
      await writer.execute({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', parameters: [] }).catch(() => {});
      await writer.close();
    },
  };
};
