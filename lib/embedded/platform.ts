import { EventEmitter } from 'node:events';
import { closeSqlite, openSqlite } from '../database/sqlite.ts';
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

/** Both ports on one SQLite file. Whoever shares the process is woken by a publish; other processes see it soon. */
export const openEmbeddedPlatform = (
  file: string,
  topics: readonly Topic[],
  { now = Date.now, log = console }: { now?: () => number; log?: FailureLog } = {},
): EmbeddedPlatform => {
  const database = openSqlite(file);
  const published = new EventEmitter().setMaxListeners(0);
  return {
    eventBus: (consumerGroup) => embeddedEventBus(database, { topics, consumerGroup, published, now, log }),
    stateStore: (name) => embeddedStateStore(database, name),
    logReader: () => embeddedLogReader(database, topics),
    appendCopies: (topic, copies) => logWriter(database, now).appendCopies(topic, copies),
    consumerGroup: (name) => groupLog(database, name),
    close: () => {
      closeSqlite(database);
    },
  };
};
