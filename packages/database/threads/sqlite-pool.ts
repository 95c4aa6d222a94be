import { createDiskHealth, type DiskHealth } from '../disk-health.ts';
import { guardStatements, type StatementGuard } from '../guarded-sqlite.ts';
import { retryBusy } from '../retry-busy.ts';
import { explainSqliteError, openSqlite, readerSettings, writerSettings } from '../sqlite.ts';
import { inMemory, rememberIdentity } from '../sqlite-file.ts';
import type { SqliteResult, SqliteStatement } from './execute-sqlite.js';
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
  /** Of the file's disk; undefined in memory. */
  readonly health: DiskHealth | undefined;
  close(): Promise<void>;
};

/** @throws ConfigError when the file cannot be used */
export const openSqlitePool = (file: string): SqlitePool => {
  const queue = createWriterQueue();
  if (file === inMemory) {
    const only = openInMemory();
    return { queue, write: executeOn(only, unguarded), read: undefined, health: undefined, close: only.close };
  }
  // Says what is wrong with the file, makes it what the threads expect, and keeps its log in place while they come and go.
  const keeper = openSqlite(file);
  const identity = rememberIdentity(file);
  const health = createDiskHealth(identity);
  const startThread = (settings: string) => startSqliteThread(file, settings, health.failed);
  const writer = startThread(writerSettings);
  const readers = Array.from({ length: readerCount }, () => startThread(readerSettings));
  const leastBusy = () => readers.reduce((least, reader) => (reader.pending() < least.pending() ? reader : least));
  const guardRead = guardStatements(identity, health);
  return {
    queue,
    health,
    write: executeOn(writer, guardStatements(identity, health)),
    read: (statement, busyMs) => executeOn(leastBusy(), guardRead)(statement, busyMs),
    close: async () => {
      const isHeld = await queue.acquire(closeWithinMs).then(
        () => true,
        () => false,
      );
      await Promise.all(readers.map((reader) => reader.close()));
      // Leaves everything in the one file, so that a copy of it is a backup.
      await writer.execute({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', parameters: [] }).catch(() => {});
      await writer.close();
      keeper.close();
      // Those that still wait fail now, not after all of their patience.
      if (isHeld) queue.release();
    },
  };
};

type Execute = (statement: SqliteStatement, busyMs: number) => Promise<SqliteResult>;

const unguarded: StatementGuard = (_text, execute) => execute();

/** Retries where another process holds a lock, for up to `busyMs`. @throws DatabaseTrouble, and what the statement throws */
const executeOn =
  (connection: SqliteConnection, guard: StatementGuard): Execute =>
  async (statement, busyMs) => {
    try {
      return await guard(statement.sql, () => retryBusy(() => connection.execute(statement), busyMs));
    } catch (error) {
      throw explainSqliteError(error as Error);
    }
  };
