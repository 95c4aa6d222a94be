import { TransientDatabaseError } from '../database-error.ts';
import { createDiskHealth, type DiskHealth } from '../disk-health.ts';
import { retryBusy } from '../retry-busy.ts';
import { mapSqliteError, openSqlite, readerSettings, writerSettings } from '../sqlite.ts';
import { inMemory, rememberIdentity } from '../sqlite-file.ts';
import { createStatementCheck, type StatementCheck } from '../statement-checks.ts';
import type { SqliteResult, SqliteStatement } from './execute-sqlite.js';
import { openInMemory, type SqliteConnection, startSqliteThread } from './sqlite-connection.ts';
import { createWriterQueue, type WriterQueue } from './writer-queue.ts';

const maxReaders = 2;
const closeTimeoutMs = 10_000;

/** The connections of a process to one SQLite database: one writer, and readers of committed data. */
export type SqlitePool = {
  readonly queue: WriterQueue;
  /**
   * Runs statements on the writer (see `SqliteConnection`); call it only while holding the queue. It retries up to `busyMs` while another
   * process writes.
   */
  readonly write: Execute;
  /** Runs statements on a reader, concurrently with the writer. Undefined in memory, where there is one connection. */
  readonly read: Execute | undefined;
  /** The health of the file's disk; undefined in memory. */
  readonly health: DiskHealth | undefined;
  close(): Promise<void>;
};

/** `variables` as in `openSqlite`. @throws ConfigError when the file cannot be used */
export const openSqlitePool = (file: string, variables?: string): SqlitePool => {
  const queue = createWriterQueue();
  if (file === inMemory) {
    const connection = openInMemory();
    return {
      queue,
      write: createExecute(() => connection, unchecked),
      read: undefined,
      health: undefined,
      close: connection.close,
    };
  }
  // This connection reports an unusable file, switches it to WAL mode for the threads, and keeps the WAL while they start and stop.
  const mainConnection = openSqlite(file, variables);
  const identity = rememberIdentity(file);
  const health = createDiskHealth(identity);
  const startThread = (settings: string) => startSqliteThread(file, settings, health.onFailure);
  const writer = startThread(writerSettings);
  const readers: SqliteConnection[] = [];
  let isClosed = false;
  /** Starts a reader when the others are busy, because a thread costs a tenth of a second of CPU time. */
  const pickReader = (): SqliteConnection => {
    if (isClosed) throw new TransientDatabaseError('database-stopped', new Error('the database is closed'));
    const [least] = [...readers].sort((a, b) => a.pending() - b.pending());
    if (least && (least.pending() === 0 || readers.length === maxReaders)) return least;
    const started = startThread(readerSettings);
    readers.push(started);
    return started;
  };
  const executeRead = createExecute(pickReader, createStatementCheck(identity, health));
  return {
    queue,
    health,
    write: createExecute(() => writer, createStatementCheck(identity, health)),
    read: async (statements, busyMs) => {
      const started = readers.length;
      const results = await executeRead(statements, busyMs);
      // A reader that was started for this read opened the file by its name.
      if (readers.length > started) identity.check(false);
      return results;
    },
    close: async () => {
      const isHeld = await queue.acquire(closeTimeoutMs).then(
        () => true,
        () => false,
      );
      isClosed = true;
      await Promise.all(readers.map((reader) => reader.close()));
      // Checkpoint all data into the main file, so that a copy of it is a backup.
      await writer.execute([{ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', parameters: [] }]).catch(() => {});
      await writer.close();
      mainConnection.close();
      // Statements that still wait fail now, not after their timeout.
      if (isHeld) queue.release();
    },
  };
};

type Execute = (statements: readonly SqliteStatement[], busyMs: number) => Promise<SqliteResult[]>;

const unchecked: StatementCheck = (_text, execute) => execute();

/** Retries up to `busyMs` while another process holds the lock; nothing was executed then. @throws TransientDatabaseError, or the statement's error */
const createExecute =
  (pick: () => SqliteConnection, check: StatementCheck): Execute =>
  async (statements, busyMs) => {
    try {
      return await check(statements[0]?.sql ?? '', () => {
        const connection = pick();
        return retryBusy(() => connection.execute(statements), busyMs);
      });
    } catch (error) {
      throw mapSqliteError(error as Error);
    }
  };
