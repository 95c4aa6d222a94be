import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isBusy, retryBusy } from '../../database/retry-busy.ts';
import type { SqliteDatabase } from '../../database/sqlite.ts';
import {
  type BatchHandler,
  createTooLargeError,
  type DeliveredRecord,
  type EventBus,
  findTopic,
  NotDurable,
  splitBySize,
  type Topic,
  type Verdict,
} from '../../projections/event-bus.ts';
import { groupBy } from '../../runtime/group-by.ts';
import { sleepUnlessAborted } from '../../runtime/sleep.ts';
import { createLogWriter, openGroupLog } from './event-log.ts';

const batchSize = 500;
const retryAfterMs = 50;
/** Another process that changes the file cannot notify this one, so subscribers ask SQLite whether one has. */
const pollEveryMs = 100;

type EmbeddedEventBusOptions = {
  readonly topics: readonly Topic[];
  readonly consumerGroup: string;
  readonly published: EventEmitter;
  readonly now: () => number;
  readonly log: FailureLog;
  /** Checks that the file can be read and written. */
  readonly check: () => Promise<void>;
  /** How long a publish waits for the lock of another process, in ms. */
  readonly lockWaitMs: number;
};

export type FailureLog = { error(error: unknown, message: string): void };

/** An event bus on one SQLite file: a log per topic and partition, and the committed offsets of one consumer group. */
export const createEmbeddedEventBus = (
  database: SqliteDatabase,
  { topics, consumerGroup, published, now, log: failures, check, lockWaitMs }: EmbeddedEventBusOptions,
): EventBus => {
  const log = { ...createLogWriter(database, now), ...openGroupLog(database, consumerGroup) };
  const dataVersion = database.prepare('PRAGMA data_version');
  /** Another number after each commit of another process. */
  const readVersion = () => (dataVersion.all() as [{ data_version: number }])[0].data_version;
  return {
    publish: async (topicName, events) => {
      const topic = findTopic(topics, topicName);
      const { fitting, tooLarge } = splitBySize(topic, events);
      await retryBusy(() => log.append(topic, fitting), lockWaitMs).catch((error: Error) => {
        if (!isBusy(error)) throw error;
        throw new NotDurable(
          events.map(({ id }) => id),
          'another process holds the lock of the event bus file',
        );
      });
      published.emit(topicName);
      if (tooLarge.length > 0) throw createTooLargeError(topic, tooLarge);
    },

    subscribe: async (topicName, handler) => {
      const topic = findTopic(topics, topicName);
      const closing = new AbortController();
      const running = deliver(topic, handler, closing.signal);
      return {
        close: async () => {
          closing.abort();
          await running;
        },
      };
    },

    committedOffsets: async (topicName) => log.committed(topicName),

    check,
  };

  async function deliver(topic: Topic, handler: BatchHandler, closing: AbortSignal) {
    let hasFailed = false;
    while (!closing.aborted) {
      try {
        const version = readVersion();
        const { records, before } = log.readUncommitted(topic, batchSize);
        if (records.length === 0) await waitForChange(topic.name, version, closing);
        else if (!(await commitBatch(topic.name, records, before, await handleBatch(handler, records), closing)))
          await sleepUnlessAborted(retryAfterMs, closing);
        // Yield to the event loop between batches, even if many records are pending.
        else await nextTurn();
        hasFailed = false;
      } catch (error) {
        // Log an outage once.
        if (!hasFailed) failures.error(error, `the log of ${topic.name} cannot be read or committed, will retry`);
        hasFailed = true;
        await sleepUnlessAborted(retryAfterMs, closing);
      }
    }
  }

  /**
   * Commits, per partition, up to the first record with a retry. Waits without limit for a process that holds the lock, because
   * a redelivery would not help. @returns whether all records are done
   */
  async function commitBatch(
    topicName: string,
    batch: readonly DeliveredRecord[],
    before: ReadonlyMap<number, number>,
    verdicts: readonly Verdict[],
    closing: AbortSignal,
  ) {
    const outcomes = batch.map((record, i) => ({ ...record, done: verdicts[i] === 'done' }));
    const nexts = new Map<number, number>();
    for (const [partition = 0, records] of groupBy(outcomes, (record) => record.partition)) {
      const firstRetry = records.findIndex(({ done }) => !done);
      const last = records.at(firstRetry === -1 ? -1 : firstRetry - 1);
      if (firstRetry !== 0 && last?.offset !== undefined) nexts.set(partition, last.offset + 1);
    }
    if (nexts.size > 0) await retryBusy(() => log.commit(topicName, nexts, before), Number.POSITIVE_INFINITY, closing);
    return outcomes.every(({ done }) => done);
  }

  /** Waits for a change of the topic by this process, or of anything by another one. */
  async function waitForChange(topicName: string, version: number, closing: AbortSignal) {
    const waiting = new AbortController();
    const signal = AbortSignal.any([closing, waiting.signal]);
    const stopWaiting = () => waiting.abort();
    void once(published, topicName, { signal }).then(stopWaiting, stopWaiting);
    try {
      do await sleepUnlessAborted(pollEveryMs, signal);
      while (!signal.aborted && readVersion() === version);
    } finally {
      stopWaiting();
    }
  }
};

const handleBatch = async (handler: BatchHandler, batch: readonly DeliveredRecord[]): Promise<readonly Verdict[]> => {
  try {
    return await handler(batch);
  } catch {
    return [];
  }
};
