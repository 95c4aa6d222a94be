import Database from 'libsql';
import { TransientDatabaseError } from './database-error.ts';
import { explainDiskError } from './disk-error.ts';
import { isBusy } from './retry-busy.ts';
import {
  explainOpenFailure,
  identityOf,
  narrowToOwner,
  prepareSqliteFile,
  refuseUnfinishedRestore,
} from './sqlite-file.ts';

export type SqliteDatabase = Database.Database;

/** 32 MB of pages in memory and as many in the log: indexes that are written all over would else be read and written again and again. */
const forManyRows = 'PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000';

/** Of the connections of `sqlite-pool.ts`; the file is in WAL mode already. */
export const writerSettings = `PRAGMA synchronous = FULL; ${forManyRows}`;
export const readerSettings = 'PRAGMA query_only = ON; PRAGMA cache_size = -16000';

/**
 * Opens a SQLite file, made when absent, or a database in memory (`:memory:`). What is committed survives a power cut
 * (synchronous=FULL), and other processes may have the file open at the same time. Its files are their owner's alone.
 * @throws ConfigError when the file cannot be used
 */
export const openSqlite = (file: string): SqliteDatabase => {
  prepareSqliteFile(file);
  let database: SqliteDatabase | undefined;
  try {
    const before = identityOf(file);
    database = new Database(file, { timeout: 10_000 });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${forManyRows}`);
    readEveryTable(database);
    if (before !== identityOf(file)) throw new Error('it was replaced while it was opened, so start again');
    refuseUnfinishedRestore(file);
    narrowToOwner(file);
    return database;
  } catch (error) {
    database?.close();
    throw explainOpenFailure(file, error as Error);
  }
};

/** A row of each: most of what may be damaged is found by that, and at the start. */
const readEveryTable = (database: SqliteDatabase): void => {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  for (const { name } of tables) database.prepare(`SELECT * FROM "${name.replaceAll('"', '""')}" LIMIT 1`).all();
};

/** Leaves everything in the one file, so that a copy of it is a backup; a disk that is full leaves it in its log. */
export const closeSqlite = (database: SqliteDatabase): void => {
  if (!database.open) return;
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!explainDiskError(error as Error)) throw error;
  } finally {
    database.close();
  }
};

/** @returns DatabaseTrouble when another process writes all the time or the disk fails, the error itself otherwise */
export const explainSqliteError = (error: Error & { code?: string }): Error =>
  explainDiskError(error) ?? (isBusy(error) ? new TransientDatabaseError('database-busy', error) : error);
