import { type DiskErrorCode, TransientDatabaseError } from './database-error.ts';
import { hasNoSpaceFor } from './sqlite-file.ts';

const troubleOf: readonly [RegExp, DiskErrorCode][] = [
  [/^(SQLITE_FULL|storage-full)/, 'storage-full'],
  [/^(SQLITE_READONLY_DBMOVED|database-replaced)/, 'database-replaced'],
  [/^(SQLITE_READONLY|database-read-only)/, 'database-read-only'],
  // A short read: the file was cut off.
  [/^(SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)|database-damaged)/, 'database-damaged'],
  [/^(SQLITE_(IOERR|CANTOPEN)|storage-failed)/, 'storage-failed'],
];

/** @returns what the disk did, as a trouble; also from an error that crossed a thread, which keeps its code alone */
export const explainDiskError = (
  error: Error & { code?: string },
  file?: string,
): TransientDatabaseError | undefined => {
  if (error instanceof TransientDatabaseError) return error;
  const code = troubleOf.find(([pattern]) => pattern.test(error.code ?? ''))?.[1];
  if (!code) return undefined;
  const cause = file === undefined ? error : new Error(`${file}: ${error.message}`, { cause: error });
  const isFull = code === 'storage-failed' && file !== undefined && hasNoSpaceFor(file);
  return new TransientDatabaseError(isFull ? 'storage-full' : code, Object.assign(cause, { code: error.code }));
};

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const failedCodes = new Set(['EIO', 'EROFS', 'EACCES', 'EPERM', 'ENOENT']);

/** What the system says of a file of ours that cannot be written, as a trouble; any other error stays as it is. */
export const explainWriteError = (error: Error & { code?: string; syscall?: string }): Error => {
  if (error.syscall === undefined) return error;
  if (fullCodes.has(error.code ?? '')) return new TransientDatabaseError('storage-full', error);
  return failedCodes.has(error.code ?? '') ? new TransientDatabaseError('storage-failed', error) : error;
};
