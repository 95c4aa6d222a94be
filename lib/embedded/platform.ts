import { EventEmitter } from 'node:events';
import type { EventBus, Topic } from '../event-bus.ts';
import type { StateStore } from '../state-store.ts';
import { openSqlite } from './database.ts';
import { embeddedEventBus } from './event-bus.ts';
import { embeddedStateStore } from './state-store.ts';

export type EmbeddedPlatform = {
  eventBus(consumerGroup: string): EventBus;
  stateStore(name: string): StateStore;
  close(): void;
};

/** Both ports on one SQLite file. Whoever shares the process is woken by a publish; other processes see it soon. */
export const openEmbeddedPlatform = (
  file: string,
  topics: readonly Topic[],
  now: () => number = Date.now,
): EmbeddedPlatform => {
  const database = openSqlite(file);
  const published = new EventEmitter().setMaxListeners(0);
  return {
    eventBus: (consumerGroup) => embeddedEventBus(database, { topics, consumerGroup, published, now }),
    stateStore: (name) => embeddedStateStore(database, name),
    close: () => {
      database.close();
    },
  };
};
