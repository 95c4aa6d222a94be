import { chmodSync, copyFileSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openSqlite, type SqliteDatabase } from '../../packages/database/sqlite.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { createFolder } from '../../packages/runtime/create-folder.ts';
import { type DatabaseFiles, type Name, names, sync } from './files.ts';
import { type BackupFile, type Manifest, readManifest, verifyFile } from './manifest.ts';
import { finishSwap, stagedPath, swapFiles } from './swap-files.ts';

type RestoreOptions = {
  /** The caller states that the platform is stopped, for a damaged file whose locks cannot be checked. */
  readonly isStopped: boolean;
  readonly print: (line: string) => void;
};

/**
 * Replaces the databases by those of a backup: all of them or none, also when the process is killed.
 * @throws ConfigError when the backup is unusable, or while another process has one of the databases open
 */
export const restoreBackup = async (
  folder: string,
  files: DatabaseFiles,
  { isStopped, print }: RestoreOptions,
): Promise<Manifest> => {
  const manifest = readManifest(folder);
  refuseMix(
    manifest.files.map(({ name }) => name),
    files,
  );
  const staging = manifest.files.flatMap((described) => {
    const target = files[described.name];
    if (target === undefined) print(`${described.name} is not restored: CUSTOMER_VIEW_DATABASE_URL is not a file.`);
    return target === undefined ? [] : [{ described, target }];
  });
  const targets = staging.map(({ target }) => target);
  for (const file of targets) createFolder(dirname(file));
  const locked = new Map<string, SqliteDatabase>();
  try {
    // An interrupted restore is finished before this one stages its files, because both use the same paths.
    if (finishSwap(Object.values(files).filter((file) => file !== undefined)))
      print('Finished an interrupted restore first.');
    for (const file of targets) await lock(file, locked, isStopped);
    await stage(folder, staging, print);
    swapFiles(targets);
    return manifest;
  } finally {
    for (const database of locked.values()) database.close();
  }
};

/** Copies the files next to those that they replace, and verifies the copies. Removes all copies when one is unusable. */
const stage = async (
  folder: string,
  files: readonly { readonly described: BackupFile; readonly target: string }[],
  print: (line: string) => void,
): Promise<void> => {
  try {
    for (const { described, target } of files) {
      const staged = stagedPath(target);
      removeStaged(staged);
      copyFileSync(join(folder, described.name), staged);
      chmodSync(staged, 0o600);
      print(`checking ${described.name}, ${described.bytes.toLocaleString('en')} bytes`);
      await verifyFile(described, staged);
      sync(staged);
    }
  } catch (error) {
    for (const { target } of files) removeStaged(stagedPath(target));
    throw error;
  }
};

const removeStaged = (staged: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(staged + suffix, { force: true });
};

/** A restored CRM with a log or views of another time, or the reverse, is a state that never existed. */
const refuseMix = (restored: readonly Name[], files: DatabaseFiles) => {
  const missing = names.find((name) => !restored.includes(name) && existsSync(files[name] ?? ''));
  if (missing)
    throw new ConfigError(
      `The backup has no ${missing}, but ${files[missing]} exists: move it away, or restore a backup that has it.`,
    );
};

/** Locks the file exclusively until this process ends. @throws ConfigError while another process has it open */
const lock = async (file: string, locked: Map<string, SqliteDatabase>, isStopped: boolean) => {
  let database: SqliteDatabase;
  try {
    database = openSqlite(file);
  } catch (error) {
    if (isStopped) return;
    throw new ConfigError(
      `${(error as Error).message}\nIts locks cannot be checked: stop the platform, then run this command again with --stopped.`,
    );
  }
  locked.set(file, database);
  try {
    database.exec('PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE');
    // Fails while another process has the file open, and removes the write-ahead log.
    database.prepare('PRAGMA journal_mode = DELETE').all();
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    const { code } = error as { code?: string };
    if (isStopped && !/^SQLITE_(BUSY|LOCKED)/.test(code ?? '')) return;
    throw new ConfigError(`Another process has ${file} open (${(error as Error).message}): stop the platform first.`);
  }
};
