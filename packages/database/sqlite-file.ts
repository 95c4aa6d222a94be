import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  openSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../runtime/config-error.ts';
import { createFolder } from '../runtime/create-folder.ts';
import { TransientDatabaseError } from './database-error.ts';

/** The file name of a database in memory. */
export const inMemory = ':memory:';

/** The files of a database in WAL mode; SQLite gives the second and third the mode of the first. */
const suffixes = ['', '-wal', '-shm'] as const;
const ownerOnly = 0o600;
const isPosix = process.platform !== 'win32';

const statOf = (file: string) => statSync(file, { throwIfNoEntry: false });
/** Returns undefined if the file or its folder is missing or not accessible. */
const tryStat = (file: string) => {
  try {
    return statOf(file);
  } catch {
    return undefined;
  }
};

/** Device and inode of a file, which change when it is replaced; undefined if it is missing. */
export const readIdentity = (file: string): string | undefined => {
  const stat = tryStat(file);
  return stat && `${stat.dev}:${stat.ino}`;
};

/** SQLite reports a generic I/O error, not a full disk, if it cannot extend the -shm file. */
export const isDiskFull = (file: string): boolean => {
  try {
    const { blocks, bavail, bsize } = statfsSync(dirname(file));
    return blocks > 0 && bavail * bsize < 64 * 1024;
  } catch {
    return false;
  }
};

/** While this file exists next to a database file, a restore is replacing the database. */
export const getRestoreMarker = (file: string): string => `${file}.restoring`;

/** @throws ConfigError after an unfinished restore, when some database files may be restored and others not */
export const refuseUnfinishedRestore = (file: string): void => {
  if (existsSync(getRestoreMarker(file)))
    throw new ConfigError(
      `A restore of ${file} was interrupted or is running: run npm run restore with the same backup to finish it.`,
    );
};

/**
 * Creates the file for its owner only, with any umask, and its folder if missing. An existing file is only checked, because opening
 * and closing it would drop the locks that SQLite holds on it in this process.
 * @param variables the environment variables that set the location of the file, for the remedy
 * @throws ConfigError with the remedy when the file cannot be used
 */
export const prepareSqliteFile = (file: string, variables: string): void => {
  if (file === inMemory) return;
  refuseUnfinishedRestore(file);
  const folder = dirname(file);
  try {
    createFolder(folder);
    const existing = statOf(file);
    if (existing?.isDirectory())
      throw new ConfigError(`${file} is a folder, not a database file. ${locationRemedy(variables)}`);
    if (!existing) {
      createForOwner(file);
      return;
    }
    accessSync(file, constants.R_OK | constants.W_OK);
    // SQLite creates its log in the same folder.
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw mapOpenError(file, error as NodeJS.ErrnoException, variables);
  }
};

const createForOwner = (file: string): void => {
  try {
    const descriptor = openSync(file, 'wx', ownerOnly);
    fchmodSync(descriptor, ownerOnly);
    closeSync(descriptor);
  } catch (error) {
    // Another process created it first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};

/** The files of the database that users other than the owner may read or write. */
export const findExposedFiles = (file: string): string[] =>
  isPosix ? suffixes.map((suffix) => file + suffix).filter((path) => ((tryStat(path)?.mode ?? 0) & 0o077) !== 0) : [];

/** Restricts the files of the database to their owner; files of another user stay unchanged. */
export const restrictToOwner = (file: string): void => {
  for (const path of findExposedFiles(file))
    try {
      chmodSync(path, ownerOnly);
    } catch {
      // Only the owner may change the mode, and the database works without it.
    }
};

export type RestrictionLog = { info?(facts: object, message: string): void };

/** Logs which files were restricted. `files` were exposed before the database was opened. */
export const logRestricted = (log: RestrictionLog, files: readonly string[]): void => {
  const restricted = files.filter((file) => !findExposedFiles(file).includes(file));
  if (restricted.length > 0)
    log.info?.(
      { files: restricted },
      'restricted database files to their owner, because other users could access them',
    );
};

export type FileIdentity = {
  readonly file: string;
  /** @throws TransientDatabaseError database-replaced if the path no longer is the open file. `withLog` also checks -wal and -shm. */
  check(withLog: boolean): void;
};

/**
 * Remembers device and inode of the opened files. A write to a removed or replaced file is lost at the next start, so it must not be
 * acknowledged.
 */
export const rememberIdentity = (file: string): FileIdentity => {
  if (file === inMemory) return { file, check: () => {} };
  const opened = new Map(suffixes.map((suffix) => [file + suffix, readIdentity(file + suffix)]));
  const checkPath = (path: string) => {
    const [remembered, found] = [opened.get(path), readIdentity(path)];
    if (remembered === found) return;
    // The first statement of the first connection creates the log, possibly in another thread.
    if (remembered === undefined && path !== file) return void opened.set(path, found);
    const cause = new Error(`${path} is no longer the file that was opened: it was removed or replaced`);
    throw new TransientDatabaseError('database-replaced', cause);
  };
  return {
    file,
    check: (withLog) => {
      checkPath(file);
      if (withLog) for (const suffix of suffixes.slice(1)) checkPath(file + suffix);
    },
  };
};

const locationRemedy = (variables: string) => `${variables} set another location.`;

const reasons: readonly [RegExp, (file: string) => string][] = [
  [/^SQLITE_NOTADB/, (file) => `${file} is not a SQLite database: move it to another folder.`],
  [/^SQLITE_CORRUPT/, (file) => `${file} is damaged: restore a backup with npm run restore, or move the file away.`],
  [/^(ENOSPC|EDQUOT|SQLITE_FULL)/, (file) => `${file} cannot be opened because the disk is full: free space on it.`],
  [/^(EROFS|SQLITE_READONLY)/, (file) => `${file} or its disk is read-only: make it writable.`],
  [
    /^(EACCES|EPERM)/,
    (file) => `${file} and its folder must be readable and writable for the user who runs this: chown or chmod them.`,
  ],
  [
    /^ENOENT/,
    (file) => `The folder ${dirname(file)} cannot be created there: give a folder that exists or can be created.`,
  ],
  [/^(ENOTDIR|EEXIST)/, (file) => `${dirname(file)} is not a folder: give a folder that exists or can be created.`],
  [
    /^SQLITE_BUSY/,
    (file) => `${file} is locked by another process, possibly a backup or a restore: try again when it has ended.`,
  ],
];

/** Maps an error on opening the file to one sentence with file, cause and remedy. */
export const mapOpenError = (
  file: string,
  error: Error & { code?: string | undefined },
  variables: string,
): ConfigError => {
  if (error instanceof ConfigError) return error;
  const code = /^SQLITE_IOERR/.test(error.code ?? '') && isDiskFull(file) ? 'SQLITE_FULL' : error.code;
  const reason = reasons.find(([pattern]) => pattern.test(code ?? ''))?.[1](file);
  return new ConfigError(`${reason ?? `${file} cannot be used: ${error.message}.`} ${locationRemedy(variables)}`);
};
