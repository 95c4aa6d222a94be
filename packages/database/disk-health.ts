import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DatabaseErrorCode, TransientDatabaseError } from './database-error.ts';
import type { StatementWatch } from './guarded-sqlite.ts';
import type { FileIdentity } from './sqlite-file.ts';

/** With less than this a disk counts as full, also before a write has failed. */
const leastFreeBytes = 1024 ** 2;

/** They last until the service is started again; the others until a write succeeds. */
const lasting = new Set<DatabaseErrorCode>(['database-damaged', 'database-stopped']);
/** What a database says by itself, at every statement. */
const passing = new Set<DatabaseErrorCode>(['database-busy', 'database-conflict', 'database-replaced']);

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
  let trouble: TransientDatabaseError | undefined;
  const admit = () => {
    if (trouble && lasting.has(trouble.code)) throw trouble;
  };
  return {
    admit,
    failed: (error) => {
      if (!passing.has(error.code) && !(trouble && lasting.has(trouble.code))) trouble = error;
    },
    wrote: () => {
      if (trouble && !lasting.has(trouble.code)) trouble = undefined;
    },
    check: async (probe) => {
      admit();
      identity.check(true);
      const { blocks, bavail, bsize } = await statfs(dirname(file));
      if (blocks > 0 && bavail * bsize < leastFreeBytes)
        throw new TransientDatabaseError('storage-full', new Error(`${bavail * bsize} bytes are free beside ${file}`));
      if (trouble) await probe();
    },
  };
};
