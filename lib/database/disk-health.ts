import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseTrouble, type TroubleCode } from './database-trouble.ts';
import { explainDiskError, isWriting, type StatementWatch } from './guarded-sqlite.ts';
import type { FileIdentity } from './sqlite-file.ts';

/** With less than this a disk counts as full, also before a write has failed. */
const leastFreeBytes = 1024 ** 2;

/** They last until the file is restored and the service started again; the others until a write succeeds. */
const lasting = new Set<TroubleCode>(['database-damaged']);
/** What a database says by itself, at every statement. */
const passing = new Set<TroubleCode>(['database-away', 'database-busy', 'database-conflict', 'database-replaced']);

export type DiskHealth = StatementWatch & {
  /**
   * Whether the database can be written to. Where the last write failed, `probe` commits something that changes nothing.
   * @throws DatabaseTrouble
   */
  check(probe: () => void | Promise<void>): Promise<void>;
};

/** Remembers what the disk did last to a database file. */
export const createDiskHealth = (identity: FileIdentity): DiskHealth => {
  const { file } = identity;
  let trouble: DatabaseTrouble | undefined;
  return {
    failed: (error) => {
      if (!passing.has(error.code) && !(trouble && lasting.has(trouble.code))) trouble = error;
    },
    wrote: () => {
      if (trouble && !lasting.has(trouble.code)) trouble = undefined;
    },
    check: async (probe) => {
      identity.check(true);
      if (trouble && lasting.has(trouble.code)) throw trouble;
      const { blocks, bavail, bsize } = await statfs(dirname(file));
      if (blocks > 0 && bavail * bsize < leastFreeBytes)
        throw new DatabaseTrouble('storage-full', new Error(`${bavail * bsize} bytes are free beside ${file}`));
      if (trouble) await probe();
    },
  };
};

/** Runs the statements of one connection, whose transactions it follows by their text. */
export type StatementGuard = <T>(text: string, execute: () => Promise<T>) => Promise<T>;

/** As `guardSqlite`, for a connection in a thread of its own. */
export const guardStatements = (identity: FileIdentity, health: DiskHealth): StatementGuard => {
  let isInTransaction = false;
  return async (text, execute) => {
    const isWrite = isWriting(text);
    const isEnd = text === 'commit' || text === 'rollback';
    try {
      if (!isInTransaction) identity.check(isWrite || text === 'begin');
      const result = await execute();
      isInTransaction = text === 'begin' || (isInTransaction && !isEnd);
      if (isWrite && !isInTransaction) {
        identity.check(true);
        health.wrote();
      }
      return result;
    } catch (error) {
      if (isEnd) isInTransaction = false;
      const trouble = explainDiskError(error as Error, identity.file);
      if (trouble) health.failed(trouble);
      throw trouble ?? error;
    }
  };
};
