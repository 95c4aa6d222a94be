import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFolder } from '../../packages/runtime/create-folder.ts';

/**
 * Writes the token of the lab's sidecars to a file that only this user can read. An existing file is removed first, because its
 * mode may be wider and another process may have it open.
 */
export const writeLabToken = (file: string, token: string): void => {
  createFolder(dirname(file));
  rmSync(file, { force: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
};

/** Reads the token of the running lab; undefined where there is no file. */
export const readLabToken = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

export const removeLabToken = (file: string): void => rmSync(file, { force: true });
