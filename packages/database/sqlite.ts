import { existsSync, writeFileSync } from 'node:fs';
import Database from 'libsql';
import { TransientDatabaseError } from './database-error.ts';
import { mapDiskError } from './disk-error.ts';
import { isBusy } from './retry-busy.ts';
import {
  mapOpenError,
  prepareSqliteFile,
  readIdentity,
  refuseUnfinishedRestore,
  restrictToOwner,
} from './sqlite-file.ts';

export type SqliteDatabase = Database.Database;

/** 32 MB of page cache and WAL, because writes to random index pages would otherwise read and write the same pages repeatedly. */
const bulkSettings = 'PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000';

/** Settings of the writing and the reading connections in `sqlite-pool.ts`; the file is already in WAL mode. */
export const writerSettings = `PRAGMA synchronous = FULL; ${bulkSettings}`;
export const readerSettings = 'PRAGMA query_only = ON; PRAGMA cache_size = -4000';

/**
 * Opens a SQLite file, created if absent, or a database in memory (`:memory:`). Commits survive a power cut (synchronous=FULL), and
 * other processes may use the file at the same time. Only the owner has access to the files.
 * @param variables the environment variables that set the location of the file, for the remedy
 * @throws ConfigError when the file cannot be used
 */
export const openSqlite = (file: string, variables = 'DATA_DIR and CRM_DATABASE_URL'): SqliteDatabase => {
  prepareSqliteFile(file, variables);
  let database: SqliteDatabase | undefined;
  try {
    const before = readIdentity(file);
    database = new Database(file, { timeout: 10_000 });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${bulkSettings}`);
    readEveryTable(database);
    if (before !== readIdentity(file)) throw new Error('it was replaced while it was being opened: start again');
    refuseUnfinishedRestore(file);
    restrictToOwner(file);
    return database;
  } catch (error) {
    database?.close();
    throw mapOpenError(file, error as Error, variables);
  }
};

/** Reads a row of each table, which detects most damage at the start. */
const readEveryTable = (database: SqliteDatabase): void => {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  for (const { name } of tables) database.prepare(`SELECT * FROM "${name.replaceAll('"', '""')}" LIMIT 1`).all();
};

/** Checkpoints all data into the main file, so that a copy of it is a backup. On a full disk the data stays in the WAL. */
export const closeSqlite = (database: SqliteDatabase): void => {
  if (!database.open) return;
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!mapDiskError(error as Error)) throw error;
  } finally {
    database.close();
  }
};

/** @returns TransientDatabaseError if another process held the lock or the disk failed, otherwise the error itself */
export const mapSqliteError = (error: Error & { code?: string }): Error =>
  mapDiskError(error) ?? (isBusy(error) ? new TransientDatabaseError('database-busy', error) : error);

export type FileLock = { release(): void };

/** Checking a lock holds it for less than this. */
const lockCheckMs = 20;

/**
 * Locks a file, created if absent, for this process. The operating system releases the lock when the process ends, also after
 * kill -9, so no lock outlives its process. Nothing else may open the file in this process, because that would drop the lock.
 * @returns undefined if another process holds the lock @throws Error if the file cannot be used
 */
export const lockFile = (file: string): FileLock | undefined => {
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
  const database = new Database(file, { timeout: lockCheckMs });
  try {
    // Nothing is written, so the file stays empty and needs no journal.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return { release: () => void database.close() };
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
};

/** Whether a process holds the lock of the file. A file that is missing or cannot be read counts as not locked. */
export const isFileLocked = (file: string): boolean => {
  let database: SqliteDatabase | undefined;
  try {
    database = new Database(file, { timeout: 0, readonly: true });
    database.prepare('SELECT 1 FROM sqlite_master').all();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    database?.close();
  }
};
