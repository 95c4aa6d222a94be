import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openSqlite, type SqliteDatabase } from '../../packages/database/sqlite.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { type DatabaseFiles, type Name, names, sync } from './files.ts';
import { type Manifest, readManifest, verifyFile } from './manifest.ts';
import { finishSwap, stagedOf, swapFiles } from './swap-files.ts';

/** `isStopped`: a person says so, where a damaged file cannot tell whether it is in use. */
type RestoreOptions = { readonly isStopped: boolean; readonly say: (line: string) => void };

/**
 * Puts the databases of a backup in place of those that are there; all of them or none, also when it is killed.
 * @throws ConfigError when the backup cannot be used, or while a process has one of the databases open
 */
export const restoreBackup = async (
  folder: string,
  files: DatabaseFiles,
  { isStopped, say }: RestoreOptions,
): Promise<Manifest> => {
  const manifest = readManifest(folder);
  const restored = manifest.files.map(({ name }) => name);
  refuseMix(restored, files);
  const targets = restored.map((name) => files[name]);
  for (const file of targets) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const held = new Map<string, SqliteDatabase>();
  try {
    // First, so that two restores never meet.
    if (finishSwap(Object.values(files))) say('A restore that was interrupted is finished first.');
    for (const file of targets) await hold(file, held, isStopped);
    await stage(folder, manifest, files, say);
    swapFiles(targets);
    return manifest;
  } finally {
    for (const database of held.values()) database.close();
  }
};

/** Copies the files beside those that they replace, and verifies the copies; leaves none of them where one cannot be used. */
const stage = async (
  folder: string,
  manifest: Manifest,
  files: DatabaseFiles,
  say: (line: string) => void,
): Promise<void> => {
  try {
    for (const described of manifest.files) {
      const staged = stagedOf(files[described.name]);
      removeStaged(staged);
      copyFileSync(join(folder, described.name), staged);
      chmodSync(staged, 0o600);
      say(`checking ${described.name}, ${described.bytes.toLocaleString('en')} bytes`);
      await verifyFile(described, staged);
      sync(staged);
    }
  } catch (error) {
    for (const { name } of manifest.files) removeStaged(stagedOf(files[name]));
    throw error;
  }
};

const removeStaged = (staged: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(staged + suffix, { force: true });
};

/** One file of a backup beside another of today would be a mix that never was. */
const refuseMix = (restored: readonly Name[], files: DatabaseFiles) => {
  const left = names.find((name) => !restored.includes(name) && existsSync(files[name]));
  if (left)
    throw new ConfigError(
      `The backup has no ${left}, and there is ${files[left]}: move that away, or restore a backup of both.`,
    );
};

/** Takes the file for ourselves; the system gives it free when we end. @throws ConfigError while another process has it open */
const hold = async (file: string, held: Map<string, SqliteDatabase>, isStopped: boolean) => {
  let database: SqliteDatabase;
  try {
    database = openSqlite(file);
  } catch (error) {
    if (isStopped) return;
    throw new ConfigError(
      `${(error as Error).message}\nSo nothing says whether a process has it open: stop the platform, then add --stopped.`,
    );
  }
  held.set(file, database);
  try {
    database.exec('PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE');
    // Needs the file for itself, and leaves no log beside it.
    database.prepare('PRAGMA journal_mode = DELETE').all();
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    const { code } = error as { code?: string };
    if (isStopped && !/^SQLITE_(BUSY|LOCKED)/.test(code ?? '')) return;
    throw new ConfigError(`A process has ${file} open (${(error as Error).message}): stop the platform first.`);
  }
};
