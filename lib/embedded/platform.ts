import { EventEmitter } from 'node:events';
import { ConfigError } from '../config-error.ts';
import { createDiskHealth } from '../database/disk-health.ts';
import { guardSqlite } from '../database/guarded-sqlite.ts';
import { closeSqlite, openSqlite, type SqliteDatabase } from '../database/sqlite.ts';
import {
  filesOpenToOthers,
  inMemory,
  logNarrowed,
  type NarrowedLog,
  rememberIdentity,
} from '../database/sqlite-file.ts';
import type { EventBus, RecordCopy, Topic } from '../event-bus.ts';
import type { LogReader } from '../log-reader.ts';
import type { StateStore } from '../state-store.ts';
import { embeddedEventBus, type FailureLog } from './event-bus.ts';
import { groupLog, logWriter } from './event-log.ts';
import { embeddedLogReader } from './log-reader.ts';
import { embeddedStateStore } from './state-store.ts';

export type EmbeddedPlatform = {
  eventBus(consumerGroup: string): EventBus;
  stateStore(name: string): StateStore;
  logReader(): LogReader;
  /** Writes records again, as they were. */
  appendCopies(topic: Topic, copies: readonly RecordCopy[]): void;
  consumerGroup(name: string): Pick<ReturnType<typeof groupLog>, 'committed' | 'reset'>;
  close(): void;
};

/** Raise it with a change of the tables that a release before cannot read. 0: of a release before there was a number. */
export const schemaVersion = 1;

/** Both ports on one SQLite file. Whoever shares the process is woken by a publish; other processes see it soon. */
export const openEmbeddedPlatform = (
  file: string,
  topics: readonly Topic[],
  { now = Date.now, log = console }: { now?: () => number; log?: FailureLog & NarrowedLog } = {},
): EmbeddedPlatform => {
  const wide = filesOpenToOthers(file);
  const opened = openSqlite(file);
  const identity = rememberIdentity(file);
  const health = createDiskHealth(file, () => identity);
  const database = guardSqlite(opened, identity, health);
  logNarrowed(log, wide);
  claimSchema(database, file);
  const check = async () => {
    database.prepare('SELECT count(*) FROM sqlite_master').all();
    if (file !== inMemory) await health.check(() => writeVersion(database));
  };
  const published = new EventEmitter().setMaxListeners(0);
  return {
    eventBus: (consumerGroup) => embeddedEventBus(database, { topics, consumerGroup, published, now, log, check }),
    stateStore: (name) => embeddedStateStore(database, name, check),
    logReader: () => embeddedLogReader(database, topics),
    appendCopies: (topic, copies) => logWriter(database, now).appendCopies(topic, copies),
    consumerGroup: (name) => groupLog(database, name),
    close: () => {
      closeSqlite(database);
    },
  };
};

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
