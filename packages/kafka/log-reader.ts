import type { Admin, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { type DeliveredRecord, parseReplayOfHeader, replayOfHeader } from '../projections/event-bus.ts';
import type { LogReader, PartitionRange } from '../projections/log-reader.ts';
import { createKafkaClient, type UseAdmin, useNewAdmin, withAdmin } from './client.ts';
import { nullValue } from './null-value.ts';

/** Large, because a batch is folded before it is written; small enough to hold one batch per partition in memory. */
const maxBytesPerPartition = 1024 * 1024;
/** Long, because no other member waits for the partitions of this group. */
const sessionTimeout = 300_000;
const idleTimeoutMs = 60_000;

/**
 * Reads the log in Kafka, with a temporary consumer group per read. It reads uncommitted records like daprd's consumer, so that a
 * rebuild reads the same records that were delivered.
 */
export const createKafkaLogReader = (
  brokers: readonly string[],
  { newId, useAdmin = useNewAdmin(brokers) }: { newId: () => string; useAdmin?: UseAdmin },
): LogReader => ({
  offsets: (topic) => useAdmin((admin) => fetchRanges(admin, topic)),

  read: async (topic, ranges, handle, signal) => {
    const unread = new Map(ranges.filter(({ begin, end }) => begin < end).map((range) => [range.partition, range]));
    if (unread.size === 0) return;
    const groupId = `log-reader-${newId()}`;
    const limits = { maxBytesPerPartition, maxBytes: maxBytesPerPartition * unread.size, maxWaitTimeInMs: 100 };
    signal?.throwIfAborted();
    const consumer = createKafkaClient(brokers).consumer({
      groupId,
      sessionTimeout,
      readUncommitted: true,
      ...limits,
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const { promise, resolve, reject } = createDeferred();
    const idleTimer = startIdleTimer(idleTimeoutMs, () => reject(createIdleError(topic, [...unread.values()])));
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    // Aborted while the consumer connected.
    if (signal?.aborted) abort();

    const eachBatch = async ({ batch, heartbeat }: EachBatchPayload) => {
      const range = unread.get(batch.partition);
      if (!range) return;
      idleTimer.pause();
      try {
        const isInRange = ({ offset }: KafkaMessage) => range.begin <= Number(offset) && Number(offset) < range.end;
        const records = batch.messages.filter(isInRange).map((message) => toRecord(topic, batch.partition, message));
        const next = Math.min(Number(batch.lastOffset()) + 1, range.end);
        await handle({ partition: batch.partition, records, next });
        unread.set(batch.partition, { ...range, begin: next });
        await heartbeat();
      } catch (error) {
        unread.clear(); // Skip all later batches.
        reject(error);
      } finally {
        idleTimer.resume();
      }
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // This event includes the control records of transactions, which eachBatch does not get. A log may end in one.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (Number(lastOffset) + 1 >= (unread.get(partition)?.end ?? Number.POSITIVE_INFINITY)) unread.delete(partition);
      if (unread.size === 0) resolve();
    });
    try {
      consumer.run({ autoCommit: false, partitionsConsumedConcurrently: unread.size, eachBatch }).catch(reject);
      for (const { partition, begin } of unread.values()) consumer.seek({ topic, partition, offset: String(begin) });
      await promise;
    } finally {
      idleTimer.pause();
      signal?.removeEventListener('abort', abort);
      await consumer.disconnect();
      // The read is complete, so ignore a failed deletion: Kafka expires empty groups.
      await withAdmin(brokers, (admin) => admin.deleteGroups([groupId]), { retries: 0 }).catch(() => undefined);
    }
  },
});

/** Per partition, in order, the first offset in the log and the offset of the next record. */
const fetchRanges = async (admin: Admin, topic: string): Promise<PartitionRange[]> => {
  const offsets = await admin.fetchTopicOffsets(topic).catch((error: Error & { type?: string }) => {
    if (error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    throw new Error(`There is no topic ${topic}: npm run stack -- up kafka creates it.`);
  });
  return offsets
    .map(({ partition, low, high }) => ({ partition, begin: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
};

/** daprd reports the broker's values of a record under these names. */
const reservedHeader = /^__(key|topic|partition|offset|timestamp)$/;

/**
 * Key, offset and timestamp come from the broker, even if record headers have reserved names. The value is as the sidecar delivers
 * it, so that a rebuild reads the same tombstones.
 */
export const toRecord = (
  topic: string,
  partition: number,
  { key, value, timestamp, offset, headers = {} }: KafkaMessage,
): DeliveredRecord => {
  const place = { partition, offset: Number(offset) };
  const replayOf = parseReplayOfHeader(headers[replayOfHeader]?.toString(), topic, place);
  return {
    topic,
    value: value === null || value.equals(nullValue) ? Buffer.alloc(0) : value,
    timestamp: Number(timestamp),
    ...(key && { key: String(key) }),
    ...place,
    ...(replayOf && { replayOf }),
    ...(Object.keys(headers).some((name) => reservedHeader.test(name)) && { hasReservedHeaders: true }),
  };
};

const createIdleError = (topic: string, unread: readonly PartitionRange[]) => {
  const where = unread.map(({ partition, begin, end }) => `partition ${partition} at ${begin} of ${end}`).join(', ');
  return new Error(`Kafka has delivered no records of ${topic} for ${idleTimeoutMs / 1000} s: ${where}.`);
};

/** Calls `onTimeout` when no batch has been in flight for `ms`. */
const startIdleTimer = (ms: number, onTimeout: () => void) => {
  let timer = setTimeout(onTimeout, ms);
  let inFlight = 0;
  return {
    pause: () => {
      inFlight++;
      clearTimeout(timer);
    },
    resume: () => {
      if (--inFlight === 0) timer = setTimeout(onTimeout, ms);
    },
  };
};

/** Promise.withResolvers, which Node 20 does not have. */
const createDeferred = () => {
  let resolve = () => {};
  let reject = (_: unknown) => {};
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
};
