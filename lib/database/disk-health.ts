import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseConnection, Dialect } from 'kysely';
import { DatabaseTrouble, type TroubleCode } from './database-trouble.ts';
import { explainDiskError, isWriting, type StatementWatch } from './guarded-sqlite.ts';
import { type FileIdentity, inMemory, rememberIdentity } from './sqlite-file.ts';

/** With less than this a disk counts as full, also before a write has failed. */
const leastFreeBytes = 1024 ** 2;

/** They last until the file is restored and the service started again; the others until a write succeeds. */
const lasting = new Set<TroubleCode>(['database-damaged']);
/** What a database says by itself, at every statement. */
const passing = new Set<TroubleCode>(['database-away', 'database-conflict', 'database-replaced']);

export type DiskHealth = StatementWatch & {
  /**
   * Whether the database can be written to. Where the last write failed, `probe` commits something that changes nothing.
   * @throws DatabaseTrouble
   */
  check(probe: () => void | Promise<void>): Promise<void>;
};

/** Remembers what the disk did last to a database file. */
export const createDiskHealth = (file: string, identity: () => FileIdentity | undefined): DiskHealth => {
  let trouble: DatabaseTrouble | undefined;
  return {
    failed: (error) => {
      if (!passing.has(error.code) && !(trouble && lasting.has(trouble.code))) trouble = error;
    },
    wrote: () => {
      if (trouble && !lasting.has(trouble.code)) trouble = undefined;
    },
    check: async (probe) => {
      identity()?.check(true);
      if (trouble && lasting.has(trouble.code)) throw trouble;
      const { blocks, bavail, bsize } = await statfs(dirname(file));
      if (blocks > 0 && bavail * bsize < leastFreeBytes)
        throw new DatabaseTrouble('storage-full', new Error(`${bavail * bsize} bytes are free beside ${file}`));
      if (trouble) await probe();
    },
  };
};

type WithHealth = { diskHealth?: DiskHealth };

/**
 * The same dialect of Kysely on a file, whichever thread has it open: disk failures are DatabaseTrouble and remembered
 * (`diskHealthOf`), and statements are refused once the file is no longer in its place. As `guardSqlite`, for Kysely.
 */
export const watchDisk = (dialect: Dialect, file: string): Dialect => {
  if (file === inMemory) return dialect;
  let identity: FileIdentity | undefined;
  const health = createDiskHealth(file, () => identity);
  return {
    createDriver: () => {
      const driver = dialect.createDriver();
      const acquire = driver.acquireConnection.bind(driver);
      const watched = new WeakSet<DatabaseConnection>();
      driver.acquireConnection = async () => {
        const connection = await acquire();
        identity ??= rememberIdentity(file);
        if (!watched.has(connection)) watched.add(watchConnection(connection, identity, health));
        return connection;
      };
      return driver;
    },
    createAdapter: () => Object.assign(dialect.createAdapter(), { diskHealth: health }),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
};

const watchConnection = (connection: DatabaseConnection, identity: FileIdentity, health: DiskHealth) => {
  const execute = connection.executeQuery.bind(connection);
  const guard = createStatementGuard(identity, health);
  connection.executeQuery = (query) => guard(query.sql, () => execute<never>(query));
  return connection;
};

/** Guards the statements of one connection, as they are written by Kysely. */
export const createStatementGuard = (identity: FileIdentity, health: DiskHealth) => {
  let isInTransaction = false;
  return async <T>(sql: string, execute: () => Promise<T>): Promise<T> => {
    const isWrite = isWriting(sql);
    try {
      if (!isInTransaction) identity.check(isWrite || sql === 'begin');
      const result = await execute();
      isInTransaction = sql === 'begin' || (isInTransaction && !/^(commit|rollback)$/.test(sql));
      if (isWrite && !isInTransaction) {
        identity.check(true);
        health.wrote();
      }
      return result;
    } catch (error) {
      if (/^(commit|rollback)$/.test(sql)) isInTransaction = false;
      const trouble = explainDiskError(error as Error, identity.file);
      if (trouble) health.failed(trouble);
      throw trouble ?? error;
    }
  };
};

/** @returns undefined where the database is no file of ours */
export const diskHealthOf = (db: { getExecutor(): { adapter: object } }): DiskHealth | undefined =>
  (db.getExecutor().adapter as WithHealth).diskHealth;
