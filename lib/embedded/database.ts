import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';

export type SqliteDatabase = Database.Database;

/**
 * Opens a SQLite file, made when absent, or a database in memory (`:memory:`). What is committed survives a power cut
 * (synchronous=FULL), and other processes may have the file open at the same time.
 */
export const openSqlite = (file: string): SqliteDatabase => {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new Database(file, { timeout: 10_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return database;
};
