import { type DiskErrorCode, TransientDatabaseError } from './database-error.ts';
import { isDiskFull } from './sqlite-file.ts';

const errorCodes: readonly [RegExp, DiskErrorCode][] = [
  [/^(SQLITE_FULL|storage-full)/, 'storage-full'],
  [/^(SQLITE_READONLY_DBMOVED|database-replaced)/, 'database-replaced'],
  [/^(SQLITE_READONLY|database-read-only)/, 'database-read-only'],
  // A short read means that the file was truncated.
  [/^(SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)|database-damaged)/, 'database-damaged'],
  [/^(SQLITE_(IOERR|CANTOPEN)|storage-failed)/, 'storage-failed'],
];

/** @returns the error for a disk failure, otherwise undefined. It also accepts errors from a thread, which have only code and message. */
export const mapDiskError = (error: Error & { code?: string }, file?: string): TransientDatabaseError | undefined => {
  if (error instanceof TransientDatabaseError) return error;
  const code = errorCodes.find(([pattern]) => pattern.test(error.code ?? ''))?.[1];
  if (!code) return undefined;
  const cause = file === undefined ? error : new Error(`${file}: ${error.message}`, { cause: error });
  const isFull = code === 'storage-failed' && file !== undefined && isDiskFull(file);
  return new TransientDatabaseError(isFull ? 'storage-full' : code, Object.assign(cause, { code: error.code }));
};

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const failedCodes = new Set(['EIO', 'EROFS', 'EACCES', 'EPERM', 'ENOENT']);

/** Maps a system error from writing a file to a TransientDatabaseError; returns any other error unchanged. */
export const mapWriteError = (error: Error & { code?: string; syscall?: string }): Error => {
  if (error.syscall === undefined) return error;
  if (fullCodes.has(error.code ?? '')) return new TransientDatabaseError('storage-full', error);
  return failedCodes.has(error.code ?? '') ? new TransientDatabaseError('storage-failed', error) : error;
};
