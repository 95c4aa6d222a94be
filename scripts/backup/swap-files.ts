import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { markOfRestore } from '../../packages/database/sqlite-file.ts';
import { sync } from './files.ts';

/** A restored file waits beside the one that it replaces, and that one is kept until all are replaced. */
export const stagedOf = (file: string): string => `${file}.restored`;
const replacedOf = (file: string): string => `${file}.replaced`;
const suffixes = ['', '-wal', '-shm', '-journal'];

/**
 * Puts all staged files in their places, or none. From the first mark on they are put there, by `finishSwap` where this
 * process is killed; and no service opens a marked file, so none ever sees an old file beside a new one.
 */
export const swapFiles = (files: readonly string[]): void => {
  for (const file of files) {
    writeFileSync(markOfRestore(file), JSON.stringify(files), { mode: 0o600 });
    sync(markOfRestore(file));
    sync(dirname(file));
  }
  swapMarked(files);
};

/** Finishes what a restore that was killed has begun. @returns whether there was any */
export const finishSwap = (files: readonly string[]): boolean => {
  const marks = files.map(markOfRestore).filter((mark) => existsSync(mark));
  const [mark] = marks;
  if (mark === undefined) return false;
  // A mark that was cut off was the first: nothing is replaced yet, and the staged files are all there.
  const marked = readMark(mark) ?? files.filter((file) => existsSync(stagedOf(file)));
  swapMarked(marked);
  for (const left of marks) rmSync(left, { force: true });
  return true;
};

const readMark = (mark: string): string[] | undefined => {
  try {
    return JSON.parse(readFileSync(mark, 'utf8'));
  } catch {
    return undefined;
  }
};

const swapMarked = (files: readonly string[]): void => {
  for (const file of files) swap(file);
  for (const file of files) for (const suffix of suffixes) rmSync(replacedOf(file) + suffix, { force: true });
  for (const file of files) {
    rmSync(markOfRestore(file), { force: true });
    sync(dirname(file));
  }
};

/** May be repeated from any point: the staged file is moved last. */
const swap = (file: string): void => {
  if (!existsSync(stagedOf(file))) return;
  // A log that was left beside it would be applied to the file that comes.
  for (const suffix of suffixes) if (existsSync(file + suffix)) renameSync(file + suffix, replacedOf(file) + suffix);
  renameSync(stagedOf(file), file);
  sync(dirname(file));
};
