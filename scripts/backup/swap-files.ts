import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { getRestoreMarker } from '../../packages/database/sqlite-file.ts';
import { sync } from './files.ts';

/** The path of a restored file before the swap. */
export const stagedPath = (file: string): string => `${file}.restored`;
/** The path of a replaced file, which is kept until all files are replaced. */
const replacedPath = (file: string): string => `${file}.replaced`;
const suffixes = ['', '-wal', '-shm', '-journal'];

/**
 * Moves all staged files into place, or none. Once the first marker is written, the swap is completed, by `finishSwap` if this
 * process is killed. A service refuses to open a file with a marker, so it never sees an old file together with a new one.
 */
export const swapFiles = (files: readonly string[]): void => {
  for (const file of files) {
    writeFileSync(getRestoreMarker(file), JSON.stringify(files), { mode: 0o600 });
    sync(getRestoreMarker(file));
    sync(dirname(file));
  }
  swapMarked(files);
};

/** Completes the swap of a killed restore. @returns whether there was one */
export const finishSwap = (files: readonly string[]): boolean => {
  const markers = files.map(getRestoreMarker).filter((marker) => existsSync(marker));
  const [marker] = markers;
  if (marker === undefined) return false;
  // Only the first marker can be truncated. Then no file is replaced yet, and all staged files exist.
  const marked = readMarker(marker) ?? files.filter((file) => existsSync(stagedPath(file)));
  swapMarked(marked);
  for (const remaining of markers) rmSync(remaining, { force: true });
  return true;
};

const readMarker = (marker: string): string[] | undefined => {
  try {
    return JSON.parse(readFileSync(marker, 'utf8'));
  } catch {
    return undefined;
  }
};

const swapMarked = (files: readonly string[]): void => {
  for (const file of files) swap(file);
  for (const file of files) for (const suffix of suffixes) rmSync(replacedPath(file) + suffix, { force: true });
  for (const file of files) {
    rmSync(getRestoreMarker(file), { force: true });
    sync(dirname(file));
  }
};

/** Idempotent from any point, because the staged file is moved last. */
const swap = (file: string): void => {
  if (!existsSync(stagedPath(file))) return;
  // SQLite would apply a remaining write-ahead log to the restored file.
  for (const suffix of suffixes) if (existsSync(file + suffix)) renameSync(file + suffix, replacedPath(file) + suffix);
  renameSync(stagedPath(file), file);
  sync(dirname(file));
};
