import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../runtime/config-error.ts';
import { TransientDatabaseError } from './database-error.ts';

export const inMemory = ':memory:';

/** A database in WAL mode is these files; SQLite gives the second and the third the mode of the first. */
const suffixes = ['', '-wal', '-shm'] as const;
const ownerOnly = 0o600;
const isPosix = process.platform !== 'win32';

const statOf = (file: string) => statSync(file, { throwIfNoEntry: false });
/** @returns undefined also where the folder is gone, or may not be looked into */
const tryStat = (file: string) => {
  try {
    return statOf(file);
  } catch {
    return undefined;
  }
};

export const identityOf = (file: string): string | undefined => {
  const stat = tryStat(file);
  return stat && `${stat.dev}:${stat.ino}`;
};

/** SQLite says only that it failed where it cannot enlarge the file that its processes share. */
export const hasNoSpaceFor = (file: string): boolean => {
  try {
    const { blocks, bavail, bsize } = statfsSync(dirname(file));
    return blocks > 0 && bavail * bsize < 64 * 1024;
  } catch {
    return false;
  }
};

/** While this is beside a database file, a restore is replacing it. */
export const markOfRestore = (file: string): string => `${file}.restoring`;

/** @throws ConfigError while this file may be new and another one of the platform old */
export const refuseUnfinishedRestore = (file: string): void => {
  if (existsSync(markOfRestore(file)))
    throw new ConfigError(
      `A restore of ${file} was interrupted, or runs: npm run restore finishes it, with the same backup.`,
    );
};

/**
 * Makes the file for its owner alone, whatever the umask, and its folder where there is none. A file that is there is only
 * looked at: to open and close it would drop the locks that SQLite holds on it in this process.
 * @throws ConfigError when it cannot be used, with what to do
 */
export const prepareSqliteFile = (file: string): void => {
  if (file === inMemory) return;
  refuseUnfinishedRestore(file);
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const existing = statOf(file);
    if (existing?.isDirectory()) throw new ConfigError(`${file} is a folder, not a database file. ${elsewhere}`);
    if (!existing) {
      createForOwner(file);
      return;
    }
    accessSync(file, constants.R_OK | constants.W_OK);
    // SQLite makes its log beside the file.
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw explainOpenFailure(file, error as NodeJS.ErrnoException);
  }
};

const createForOwner = (file: string): void => {
  try {
    const descriptor = openSync(file, 'wx', ownerOnly);
    fchmodSync(descriptor, ownerOnly);
    closeSync(descriptor);
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};

/** Those of the database's files that others than their owner may read or write. */
export const filesOpenToOthers = (file: string): string[] =>
  isPosix ? suffixes.map((suffix) => file + suffix).filter((path) => ((tryStat(path)?.mode ?? 0) & 0o077) !== 0) : [];

/** Leaves the database's files to their owner; those of another user stay as they are. */
export const narrowToOwner = (file: string): void => {
  for (const path of filesOpenToOthers(file))
    try {
      chmodSync(path, ownerOnly);
    } catch {
      // Only the owner may, and the database works all the same.
    }
};

export type NarrowedLog = { info?(facts: object, message: string): void };

/** One line where files were open to others; `files`: as they were before the database was opened. */
export const logNarrowed = (log: NarrowedLog, files: readonly string[]): void => {
  const narrowed = files.filter((file) => !filesOpenToOthers(file).includes(file));
  if (narrowed.length > 0)
    log.info?.({ files: narrowed }, 'database files were open to other users: they are their owner’s alone now');
};

export type FileIdentity = {
  readonly file: string;
  /** @throws DatabaseTrouble database-replaced unless path and open file are still the same; `withLog`: its log as well */
  check(withLog: boolean): void;
};

/**
 * Remembers which files are opened, by device and inode. What is written to a file that was removed or replaced is lost at
 * the next start, so no write to it may be acknowledged.
 */
export const rememberIdentity = (file: string): FileIdentity => {
  if (file === inMemory) return { file, check: () => {} };
  const opened = new Map(suffixes.map((suffix) => [file + suffix, identityOf(file + suffix)]));
  const checkPath = (path: string) => {
    const [remembered, found] = [opened.get(path), identityOf(path)];
    if (remembered === found) return;
    // A log is made by the first statement of the first connection, which may be in another thread.
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

const elsewhere = 'DATA_DIR and CRM_DATABASE_URL choose another place.';

const reasons: readonly [RegExp, (file: string) => string][] = [
  [/^SQLITE_NOTADB/, (file) => `${file} is not a SQLite database: move it away.`],
  [/^SQLITE_CORRUPT/, (file) => `${file} is damaged: restore a backup with npm run restore, or move the file away.`],
  [/^(ENOSPC|EDQUOT|SQLITE_FULL)/, (file) => `${file} cannot be opened, the disk is full: make space on it.`],
  [/^(EROFS|SQLITE_READONLY)/, (file) => `${file} is on a disk that is read-only, or is read-only: make it writable.`],
  [
    /^(EACCES|EPERM)/,
    (file) => `${file} and its folder must be readable and writable for the user who runs this: chown or chmod them.`,
  ],
  [/^(ENOTDIR|EEXIST)/, (file) => `${dirname(file)} is not a folder.`],
  [
    /^SQLITE_BUSY/,
    (file) => `${file} is locked by another process, which may be a backup or a restore: try again when it has ended.`,
  ],
];

/** One sentence for the start: which file, what is wrong, what to do. */
export const explainOpenFailure = (file: string, error: Error & { code?: string | undefined }): ConfigError => {
  if (error instanceof ConfigError) return error;
  const code = /^SQLITE_IOERR/.test(error.code ?? '') && hasNoSpaceFor(file) ? 'SQLITE_FULL' : error.code;
  const reason = reasons.find(([pattern]) => pattern.test(code ?? ''))?.[1](file);
  return new ConfigError(`${reason ?? `${file} cannot be used: ${error.message}.`} ${elsewhere}`);
};
