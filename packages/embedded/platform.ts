import { EventEmitter } from 'node:events';
import { createDiskHealth } from '../database/disk-health.ts';
import { guardSqlite } from '../database/guarded-sqlite.ts';
import { retryBusy } from '../database/retry-busy.ts';
import { closeSqlite, openSqlite, type SqliteDatabase } from '../database/sqlite.ts';
import {
  filesOpenToOthers,
  inMemory,
  logNarrowed,
  type NarrowedLog,
  rememberIdentity,
} from '../database/sqlite-file.ts';
import type { EventBus, RecordCopy, Topic } from '../projections/event-bus.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { StateStore } from '../projections/state-store.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { embeddedEventBus, type FailureLog } from './adapters/event-bus.ts';
import { createLogTables, groupLog, logWriter } from './adapters/event-log.ts';
import { embeddedLogReader } from './adapters/log-reader.ts';
import { createStateTable, embeddedStateStore } from './adapters/state-store.ts';

export type EmbeddedPlatform = {
  eventBus(consumerGroup: string): EventBus;
  stateStore(name: string): StateStore;
  logReader(): LogReader;
  /** Writes records again, as they were. */
  appendCopies(topic: Topic, copies: readonly RecordCopy[]): Promise<void>;
  consumerGroup(name: string): {
    /** By partition the offset behind what the group has committed. */
    committed(topic: string): Map<number, number>;
    reset(topic: string, goals: ReadonlyMap<number, number>): Promise<void>;
  };
  close(): void;
};

/** Raise it with a change of the tables that a release before cannot read. 0: of a release before there was a number. */
export const schemaVersion = 1;

type PlatformOptions = {
  readonly now?: () => number;
  readonly log?: FailureLog & NarrowedLog;
  /** How long a write waits for another process, in ms. The event loop is free meanwhile. */
  readonly lockWaitMs?: number;
};

/**
 * Both ports on one SQLite file. A publish wakes the subscribers of this process; other processes see it soon. The file is
 * used on the main thread, in small transactions: none of them waits within SQLite for the lock of another process.
 */
export const openEmbeddedPlatform = (
  file: string,
  topics: readonly Topic[],
  { now = Date.now, log = console, lockWaitMs = 500 }: PlatformOptions = {},
): EmbeddedPlatform => {
  const wide = filesOpenToOthers(file);
  const opened = openSqlite(file);
  const identity = rememberIdentity(file);
  const health = createDiskHealth(identity);
  const database = guardSqlite(opened, identity, health);
  logNarrowed(log, wide);
  claimSchema(database, file);
  createLogTables(database);
  createStateTable(database);
  database.exec(neverBlock);
  const check = async () => {
    database.prepare('SELECT count(*) FROM sqlite_master').all();
    if (file !== inMemory) await health.check(() => retryBusy(() => writeVersion(database), lockWaitMs));
  };
  const published = new EventEmitter().setMaxListeners(0);
  const busOptions = { topics, published, now, log, check, lockWaitMs };
  return {
    eventBus: (consumerGroup) => embeddedEventBus(database, { ...busOptions, consumerGroup }),
    stateStore: (name) => embeddedStateStore(database, name, { check, lockWaitMs }),
    logReader: () => embeddedLogReader(database, topics),
    appendCopies: (topic, copies) => retryBusy(() => logWriter(database, now).appendCopies(topic, copies), lockWaitMs),
    consumerGroup: (name) => {
      const { committed, reset } = groupLog(database, name);
      return { committed, reset: (topic, goals) => retryBusy(() => reset(topic, goals), lockWaitMs) };
    },
    close: () => {
      closeSqlite(database);
    },
  };
};

/** A checkpoint is part of a commit: a small one is soon done. */
const neverBlock = 'PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 1000';
const writeVersion = (database: SqliteDatabase) => void database.exec(`PRAGMA user_version = ${schemaVersion}`);

/** @throws ConfigError for the file of a newer release */
const claimSchema = (database: SqliteDatabase, file: string) => {
  const [{ user_version: found }] = database.prepare('PRAGMA user_version').all() as [{ user_version: number }];
  if (found < schemaVersion) writeVersion(database);
  if (found <= schemaVersion) return;
  database.close();
  throw new ConfigError(
    `${file} belongs to a newer release: its schema is ${found}, this one knows ${schemaVersion}. Run that release, or later.`,
  );
};
