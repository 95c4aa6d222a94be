import { EventEmitter } from 'node:events';
import { createDiskHealth } from '../database/disk-health.ts';
import { retryBusy } from '../database/retry-busy.ts';
import { closeSqlite, openSqlite, type SqliteDatabase } from '../database/sqlite.ts';
import {
  findExposedFiles,
  inMemory,
  logRestricted,
  type RestrictionLog,
  rememberIdentity,
} from '../database/sqlite-file.ts';
import { checkSqliteStatements } from '../database/statement-checks.ts';
import type { EventBus, Topic } from '../projections/event-bus.ts';
import type { LogReader } from '../projections/log-reader.ts';
import { followByPolling, type OperatorLog } from '../projections/operator-log.ts';
import type { StateStore } from '../projections/state-store.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { createEmbeddedEventBus, type FailureLog } from './adapters/event-bus.ts';
import { createLogTables, createLogWriter, openGroupLog } from './adapters/event-log.ts';
import { createEmbeddedLogReader } from './adapters/log-reader.ts';
import { startPurging } from './adapters/purge-removed-records.ts';
import { createEmbeddedStateStore, createStateTable } from './adapters/state-store.ts';

export type EmbeddedPlatform = {
  eventBus(consumerGroup: string): EventBus;
  stateStore(name: string): StateStore;
  logReader(): LogReader;
  operatorLog(): OperatorLog;
  consumerGroup(name: string): {
    /** Per partition the committed offset, which is the next offset to read. */
    committed(topic: string): Map<number, number>;
    reset(topic: string, targets: ReadonlyMap<number, number>): Promise<void>;
  };
  close(): void;
};

/** Increase it when older releases cannot read the changed tables. Releases before this number existed wrote 0. */
export const schemaVersion = 1;

type PlatformOptions = {
  readonly now?: () => number;
  readonly log?: FailureLog & RestrictionLog;
  /** How long a write waits for the lock of another process, in ms, without blocking the event loop. Default: 500. */
  readonly lockWaitMs?: number;
  /** How long removed records stay in the file after a tombstone, in ms, before they are purged. Default: 1,000. */
  readonly purgeDelayMs?: number;
};

/**
 * Opens event bus and state store on one SQLite file. A publish notifies the subscribers of this process; other processes poll.
 * The main thread uses the file in small transactions, none of which waits inside SQLite for the lock of another process.
 * @throws ConfigError when the file cannot be used
 */
export const openEmbeddedPlatform = (
  file: string,
  topics: readonly Topic[],
  { now = Date.now, log = console, lockWaitMs = 500, purgeDelayMs = 1_000 }: PlatformOptions = {},
): EmbeddedPlatform => {
  const exposedFiles = findExposedFiles(file);
  const opened = openSqlite(file);
  const identity = rememberIdentity(file);
  const health = createDiskHealth(identity);
  const database = checkSqliteStatements(opened, identity, health);
  logRestricted(log, exposedFiles);
  claimSchema(database, file);
  createLogTables(database, topics);
  createStateTable(database);
  database.exec(neverBlock);
  const check = async () => {
    database.prepare('SELECT count(*) FROM sqlite_master').all();
    if (file !== inMemory) await health.check(() => retryBusy(() => writeVersion(database), lockWaitMs));
  };
  const published = new EventEmitter().setMaxListeners(0);
  const purging =
    file === inMemory ? undefined : startPurging(database, { file, topics, published, log, delayMs: purgeDelayMs });
  const busOptions = { topics, published, now, log, check, lockWaitMs };
  return {
    eventBus: (consumerGroup) => createEmbeddedEventBus(database, { ...busOptions, consumerGroup }),
    stateStore: (name) => createEmbeddedStateStore(database, name, { check, lockWaitMs }),
    logReader: () => createEmbeddedLogReader(database, topics),
    operatorLog: () => ({
      append: async (topic, copies) => {
        await retryBusy(() => createLogWriter(database, now).appendCopies(topic, copies), lockWaitMs);
        published.emit(topic.name);
      },
      follow: followByPolling(createEmbeddedLogReader(database, topics)),
    }),
    consumerGroup: (name) => {
      const { committed, reset } = openGroupLog(database, name);
      return {
        committed,
        reset: async (topic, targets) => {
          await retryBusy(() => reset(topic, targets), lockWaitMs);
          published.emit(topic);
        },
      };
    },
    close: () => {
      purging?.close();
      closeSqlite(database);
    },
  };
};

/** No statement waits for a lock inside SQLite. A WAL checkpoint runs as part of a commit, so it is kept small. */
const neverBlock = 'PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 1000';
const writeVersion = (database: SqliteDatabase) => void database.exec(`PRAGMA user_version = ${schemaVersion}`);

/** @throws ConfigError when a newer release wrote the file */
const claimSchema = (database: SqliteDatabase, file: string) => {
  const [{ user_version: found }] = database.prepare('PRAGMA user_version').all() as [{ user_version: number }];
  if (found < schemaVersion) writeVersion(database);
  if (found <= schemaVersion) return;
  database.close();
  throw new ConfigError(
    `${file} belongs to a newer release: its schema is ${found}, this release supports ${schemaVersion}. Run that release or a later one.`,
  );
};
