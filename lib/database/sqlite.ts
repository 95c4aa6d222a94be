import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { ConfigError } from '../config-error.ts';
import { DatabaseTrouble } from './database-trouble.ts';
import { isBusy } from './retry-busy.ts';

export type SqliteDatabase = Database.Database;

/** 32 MB of pages in memory and as many in the log: indexes that are written all over would else be read and written again and again. */
const forManyRows = 'PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000';

/** Of the connections of `sqlite-pool.ts`; the file is in WAL mode already. */
export const writerSettings = `PRAGMA synchronous = FULL; ${forManyRows}`;
export const readerSettings = 'PRAGMA query_only = ON; PRAGMA cache_size = -16000';

/**
 * Opens a SQLite file, made when absent, or a database in memory (`:memory:`). What is committed survives a power cut
 * (synchronous=FULL), and other processes may have the file open at the same time.
 * @throws ConfigError when the file cannot be used
 */
export const openSqlite = (file: string): SqliteDatabase => {
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    const database = new Database(file, { timeout: 10_000 });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${forManyRows}`);
    return database;
  } catch (error) {
    throw new ConfigError(
      `${file} cannot be used: ${(error as Error).message}. DATA_DIR and CRM_DATABASE_URL choose another place.`,
    );
  }
};

/** Leaves everything in the one file, so that a copy of it is a backup. */
export const closeSqlite = (database: SqliteDatabase): void => {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
};

/** @returns DatabaseTrouble when another process writes all the time, the error itself otherwise */
export const explainSqliteError = (error: Error & { code?: string }): Error =>
  isBusy(error) ? new DatabaseTrouble('database-busy', error) : error;
