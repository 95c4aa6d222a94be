import { chmodSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isBusy, retryBusy } from '../../packages/database/retry-busy.ts';
import { openSqlite, type SqliteDatabase } from '../../packages/database/sqlite.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { createFolder } from '../../packages/runtime/create-folder.ts';
import { type Copier, startCopier } from './copier.ts';
import { type DatabaseFiles, type Name, names, sync } from './files.ts';
import { describeFile, type Manifest, writeManifest } from './manifest.ts';

export type Progress = (done: number, total: number) => void;

const lockWaitMs = 30_000;
const pollEveryMs = 5;
const progressEveryMs = 200;

/**
 * Copies the databases as of one point in time, also while they are written. The folder appears when all files are checked and
 * flushed to the disk, or not at all.
 * @throws ConfigError when the folder exists
 */
export const takeBackup = async (
  files: Partial<DatabaseFiles>,
  folder: string,
  { release, now, progress }: { release: string; now: () => number; progress: Progress },
): Promise<Manifest> => {
  if (existsSync(folder)) throw new ConfigError(`${folder} exists already: name a new folder.`);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  createFolder(unfinished);
  const copiers: Copier[] = [];
  try {
    const present = names.filter((name) => files[name] !== undefined);
    for (const name of present) {
      const target = join(unfinished, name);
      // SQLite writes into an empty file and keeps its mode.
      writeFileSync(target, '', { mode: 0o600, flag: 'wx' });
      chmodSync(target, 0o600);
      copiers.push(await startCopier(files[name] as string, target));
    }
    const takenAt = new Date(now()).toISOString();
    await beginTogether(copiers);
    await reportUntilDone(copiers, progress);
    const described = [];
    for (const name of present) described.push(await finish(name, join(unfinished, name)));
    const manifest: Manifest = { format: 1, takenAt, release, files: described };
    writeManifest(unfinished, manifest);
    sync(unfinished);
    if (existsSync(folder)) throw new ConfigError(`Another process has created ${folder} meanwhile.`);
    renameSync(unfinished, folder);
    sync(dirname(folder));
    return manifest;
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  } finally {
    for (const copier of copiers) copier.close();
  }
};

/**
 * Holds the write locks of all databases until each copy has begun its read transaction. Copies of different times would
 * contradict each other: a log with changes that the CRM never made, or a CRM whose published events the log lacks.
 */
const beginTogether = async (copiers: readonly Copier[]): Promise<void> => {
  const locked: SqliteDatabase[] = [];
  try {
    for (const { source } of copiers) {
      const database = openSqlite(source);
      locked.push(database);
      // SQLite itself polls the lock every 100 ms, which misses the short gaps of a busy service (writer-queue.ts).
      database.exec('PRAGMA busy_timeout = 0');
      await retryBusy(() => database.exec('BEGIN IMMEDIATE'), lockWaitMs).catch((error: unknown) => {
        throw isBusy(error) ? lockTimeout(source) : error;
      });
    }
    for (const copier of copiers) copier.begin();
    while (!copiers.every((copier) => copier.hasBegun())) await delay(pollEveryMs);
  } finally {
    for (const database of locked) {
      if (database.inTransaction) database.exec('ROLLBACK');
      database.close();
    }
  }
};

const lockTimeout = (source: string) =>
  new ConfigError(
    `Another process has held the lock of ${source} for more than ${lockWaitMs / 1000} s: take the backup after that process has ended.`,
  );

const reportUntilDone = async (copiers: readonly Copier[], progress: Progress): Promise<void> => {
  const total = copiers.reduce((sum, { source }) => sum + statSync(source).size, 0);
  const timer = setInterval(() => {
    const done = copiers.reduce((sum, copier) => sum + copier.bytes(), 0);
    progress(Math.min(done, total), total);
  }, progressEveryMs);
  try {
    for (const { done } of copiers) await done;
    progress(total, total);
  } finally {
    clearInterval(timer);
  }
};

const finish = async (name: Name, file: string) => {
  const described = await describeFile(name, file);
  sync(file);
  return described;
};
