import { DatabaseTrouble } from './database-trouble.ts';

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const failed = new Set(['EIO', 'EROFS', 'EACCES', 'EPERM', 'ENOENT']);

/** What the system says of a file of ours that cannot be written, as a trouble; any other error stays as it is. */
export const explainWriteError = (error: Error & { code?: string; syscall?: string }): Error => {
  if (error.syscall === undefined) return error;
  if (full.has(error.code ?? '')) return new DatabaseTrouble('storage-full', error);
  return failed.has(error.code ?? '') ? new DatabaseTrouble('storage-failed', error) : error;
};
