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
import { groupLog, logWriter } from './event-log.ts';

const batchSize = 500;
const retryAfterMs = 50;
/** Another process that publishes to the same file cannot wake us. */
const pollEveryMs = 100;

type EmbeddedEventBusOptions = {
  readonly topics: readonly Topic[];
  readonly consumerGroup: string;
  readonly published: EventEmitter;
  readonly now: () => number;
  readonly log: FailureLog;
  /** Whether the file can be read and written. */
  readonly check: () => Promise<void>;
  /** How long a publish waits for another process, in ms. */
  readonly lockWaitMs: number;
};

export type FailureLog = { error(error: unknown, message: string): void };

/** An event bus on one SQLite file: a log per topic and partition, and the offsets that a consumer group has committed. */
export const embeddedEventBus = (
  database: SqliteDatabase,
  { topics, consumerGroup, published, now, log: failures, check, lockWaitMs }: EmbeddedEventBusOptions,
): EventBus => {
  const log = { ...logWriter(database, now), ...groupLog(database, consumerGroup) };
  return {
    publish: async (topicName, events) => {
      const topic = findTopic(topics, topicName);
      const { fitting, tooLarge } = splitBySize(topic, events);
      await retryBusy(() => log.append(topic, fitting), lockWaitMs).catch((error: Error) => {
        if (!isBusy(error)) throw error;
        throw new NotDurable(
          events.map(({ id }) => id),
          'another process writes to the file of the event bus',
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
        const { records, before } = log.pending(topic, batchSize);
        if (records.length === 0) await aPublishOrAWhile(topic.name, closing);
        else if (!(await settle(records, before, await verdicts(handler, records), closing)))
          await sleepUnlessAborted(retryAfterMs, closing);
        // However much waits, and however soon it is handled, other work has its turn.
        else await nextTurn();
        hasFailed = false;
      } catch (error) {
        // Once an outage; what follows is the same again.
        if (!hasFailed) failures.error(error, `the log of ${topic.name} cannot be read or committed to, will retry`);
        hasFailed = true;
        await sleepUnlessAborted(retryAfterMs, closing);
      }
    }
  }

  /**
   * Commits, per partition, up to the first record to be retried. Answers whether all are done. It waits for a process that
   * holds the lock: to deliver the records again would not help.
   */
  async function settle(
    batch: readonly DeliveredRecord[],
    before: ReadonlyMap<number, number>,
    answers: readonly Verdict[],
    closing: AbortSignal,
  ) {
    const judged = batch.map((record, i) => ({ ...record, done: answers[i] === 'done' }));
    for (const [partition = 0, records] of groupBy(judged, (record) => record.partition)) {
      const retried = records.findIndex(({ done }) => !done);
      const last = records.at(retried === -1 ? -1 : retried - 1);
      if (retried === 0 || last?.offset === undefined) continue;
      const { topic, offset } = last;
      const commit = () => log.commit(topic, partition, { before: before.get(partition) ?? 0, next: offset + 1 });
      await retryBusy(commit, Number.POSITIVE_INFINITY, closing);
    }
    return judged.every(({ done }) => done);
  }

  async function aPublishOrAWhile(topicName: string, closing: AbortSignal) {
    const waiting = new AbortController();
    const signal = AbortSignal.any([closing, waiting.signal]);
    await Promise.race([
      once(published, topicName, { signal }).catch(() => undefined),
      sleepUnlessAborted(pollEveryMs, signal),
    ]);
    waiting.abort();
  }
};

const verdicts = async (handler: BatchHandler, batch: readonly DeliveredRecord[]): Promise<readonly Verdict[]> => {
  try {
    return await handler(batch);
  } catch {
    return [];
  }
};
