import { EventEmitter } from 'node:events';
import { retryBusy } from '../database/retry-busy.ts';
import { closeSqlite, openSqlite } from '../database/sqlite.ts';
import type { EventBus, RecordCopy, Topic } from '../event-bus.ts';
import type { LogReader } from '../log-reader.ts';
import type { StateStore } from '../state-store.ts';
import { embeddedEventBus, type FailureLog } from './event-bus.ts';
import { createLogTables, groupLog, logWriter } from './event-log.ts';
import { embeddedLogReader } from './log-reader.ts';
import { createStateTable, embeddedStateStore } from './state-store.ts';

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

type PlatformOptions = {
  readonly now?: () => number;
  readonly log?: FailureLog;
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
  const database = openSqlite(file);
  createLogTables(database);
  createStateTable(database);
  database.exec(neverBlock);
  const published = new EventEmitter().setMaxListeners(0);
  return {
    eventBus: (consumerGroup) => embeddedEventBus(database, { topics, consumerGroup, published, now, log, lockWaitMs }),
    stateStore: (name) => embeddedStateStore(database, name, lockWaitMs),
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
