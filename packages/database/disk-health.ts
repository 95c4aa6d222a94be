import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DatabaseErrorCode, TransientDatabaseError } from './database-error.ts';
import type { FileIdentity } from './sqlite-file.ts';
import type { StatementObserver } from './statement-checks.ts';

/** A disk with less free space counts as full, even before a write fails. */
const minFreeBytes = 1024 ** 2;

/** Errors that last until a restart; the others last until a write succeeds. */
const permanentCodes = new Set<DatabaseErrorCode>(['database-damaged', 'database-stopped']);
/** Errors that do not concern the disk, or that every statement checks anyway. */
const ignoredCodes = new Set<DatabaseErrorCode>(['database-busy', 'database-conflict', 'database-replaced']);

export type DiskHealth = StatementObserver & {
  /**
   * Checks that the database is writable. If the last statement failed, it calls `probe`, which commits a write without effect.
   * @throws TransientDatabaseError
   */
  check(probe: () => void | Promise<void>): Promise<void>;
};

/** Tracks the last disk error of a database file. */
export const createDiskHealth = (identity: FileIdentity): DiskHealth => {
  const { file } = identity;
  let lastError: TransientDatabaseError | undefined;
  const beforeStatement = () => {
    if (lastError && permanentCodes.has(lastError.code)) throw lastError;
  };
  return {
    beforeStatement,
    onFailure: (error) => {
      if (!ignoredCodes.has(error.code) && !(lastError && permanentCodes.has(lastError.code))) lastError = error;
    },
    onWrite: () => {
      if (lastError && !permanentCodes.has(lastError.code)) lastError = undefined;
    },
    check: async (probe) => {
      beforeStatement();
      identity.check(true);
      const { blocks, bavail, bsize } = await statfs(dirname(file));
      if (blocks > 0 && bavail * bsize < minFreeBytes)
        throw new TransientDatabaseError(
          'storage-full',
          new Error(`${bavail * bsize} bytes are free on the disk of ${file}`),
        );
      if (lastError) await probe();
    },
  };
};
