import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isBusy, retryBusy } from '../../packages/database/retry-busy.ts';
import { openSqlite, type SqliteDatabase } from '../../packages/database/sqlite.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { type Copier, startCopier } from './copier.ts';
import { type DatabaseFiles, type Name, names, sync } from './files.ts';
import { describeFile, type Manifest, writeManifest } from './manifest.ts';

export type Progress = (done: number, total: number) => void;

const lockWaitMs = 30_000;
const lookEveryMs = 5;
const progressEveryMs = 200;

/**
 * Copies the databases as they are at one moment, also while they are written to. A new folder is there when all of it is
 * on the disk and was checked, or not at all.
 * @throws ConfigError when the folder is there already
 */
export const takeBackup = async (
  files: Partial<DatabaseFiles>,
  folder: string,
  { release, now, progress }: { release: string; now: () => number; progress: Progress },
): Promise<Manifest> => {
  if (existsSync(folder)) throw new ConfigError(`${folder} is there already: name a folder that is not.`);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const copiers: Copier[] = [];
  try {
    const present = names.filter((name) => files[name] !== undefined);
    for (const name of present) {
      const target = join(unfinished, name);
      // SQLite fills an empty file, and leaves its mode.
      writeFileSync(target, '', { mode: 0o600, flag: 'wx' });
      chmodSync(target, 0o600);
      copiers.push(await startCopier(files[name] as string, target));
    }
    const takenAt = new Date(now()).toISOString();
    await beginAtOnce(copiers);
    await showUntilDone(copiers, progress);
    const described = [];
    for (const name of present) described.push(await finish(name, join(unfinished, name)));
    const manifest: Manifest = { format: 1, takenAt, release, files: described };
    writeManifest(unfinished, manifest);
    sync(unfinished);
    if (existsSync(folder)) throw new ConfigError(`${folder} came into being meanwhile.`);
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
 * One moment for all: no one writes to any of them until each copy has begun its read transaction. Copied one after the
 * other, either the log would have changes that the CRM never made, or the CRM would have published what the log lacks.
 */
const beginAtOnce = async (copiers: readonly Copier[]): Promise<void> => {
  const held: SqliteDatabase[] = [];
  try {
    for (const { source } of copiers) {
      const database = openSqlite(source);
      held.push(database);
      // SQLite itself asks for the lock every 100 ms, which misses the short gaps that a busy service leaves (writer-queue.ts).
      database.exec('PRAGMA busy_timeout = 0');
      await retryBusy(() => database.exec('BEGIN IMMEDIATE'), lockWaitMs).catch((error: unknown) => {
        throw isBusy(error) ? lockedTooLong(source) : error;
      });
    }
    for (const copier of copiers) copier.begin();
    while (!copiers.every((copier) => copier.hasBegun())) await delay(lookEveryMs);
  } finally {
    for (const database of held) {
      if (database.inTransaction) database.exec('ROLLBACK');
      database.close();
    }
  }
};

const lockedTooLong = (source: string) =>
  new ConfigError(
    `Another process has held the lock of ${source} for more than ${lockWaitMs / 1000} s: take the backup when it has ended.`,
  );

const showUntilDone = async (copiers: readonly Copier[], progress: Progress): Promise<void> => {
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
