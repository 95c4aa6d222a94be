import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder and its parents for their owner only, if missing. `mkdirSync` with `recursive` never returns where the system refuses
 * a folder below an existing one as not existing, as in /proc.
 * @throws the error of the file system
 */
export const createFolder = (path: string): void => {
  const folder = resolve(path);
  if (existsSync(folder)) return;
  createFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process created it first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};
