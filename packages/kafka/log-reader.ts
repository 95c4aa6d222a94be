import type { Admin, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { type DeliveredRecord, replayedPlace, replayOfHeader } from '../projections/event-bus.ts';
import type { LogReader, PartitionRange } from '../projections/log-reader.ts';
import { type AskLimits, kafkaClient, withAdmin } from './client.ts';

/** Large, for what comes in one batch is folded before it is written; small enough to hold one of each partition. */
const maxBytesPerPartition = 1024 * 1024;
/** No other member waits for the partitions of this group, so its member may take its time over a batch. */
const sessionTimeout = 300_000;
const giveUpAfterSilenceMs = 60_000;

/**
 * The log in Kafka, read through a consumer group made for each reading. It reads uncommitted, as daprd's consumer does:
 * what was delivered and what a rebuild reads must be the same records.
 */
export const createKafkaLogReader = (
  brokers: readonly string[],
  { newId, limits }: { newId: () => string; limits?: AskLimits },
): LogReader => ({
  offsets: (topic) => withAdmin(brokers, (admin) => partitionRanges(admin, topic), limits),

  read: async (topic, ranges, handle, signal) => {
    const unread = new Map(ranges.filter(({ begin, end }) => begin < end).map((range) => [range.partition, range]));
    if (unread.size === 0) return;
    const groupId = `log-reader-${newId()}`;
    const limits = { maxBytesPerPartition, maxBytes: maxBytesPerPartition * unread.size, maxWaitTimeInMs: 100 };
    signal?.throwIfAborted();
    const consumer = kafkaClient(brokers).consumer({
      groupId,
      sessionTimeout,
      readUncommitted: true,
      ...limits,
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const { promise, resolve, reject } = aPromise();
    const silence = watchdog(giveUpAfterSilenceMs, () => reject(silent(topic, [...unread.values()])));
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);

    const eachBatch = async ({ batch, heartbeat }: EachBatchPayload) => {
      const range = unread.get(batch.partition);
      if (!range) return;
      silence.pause();
      try {
        const wanted = ({ offset }: KafkaMessage) => range.begin <= Number(offset) && Number(offset) < range.end;
        const records = batch.messages.filter(wanted).map((message) => asRecord(topic, batch.partition, message));
        const next = Math.min(Number(batch.lastOffset()) + 1, range.end);
        await handle({ partition: batch.partition, records, next });
        unread.set(batch.partition, { ...range, begin: next });
        await heartbeat();
      } catch (error) {
        unread.clear(); // nothing more is handed on
        reject(error);
      } finally {
        silence.resume();
      }
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // Also told of the marks that transactions leave, which are no records: a log may end in one.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (Number(lastOffset) + 1 >= (unread.get(partition)?.end ?? Number.POSITIVE_INFINITY)) unread.delete(partition);
      if (unread.size === 0) resolve();
    });
    try {
      consumer.run({ autoCommit: false, partitionsConsumedConcurrently: unread.size, eachBatch }).catch(reject);
      for (const { partition, begin } of unread.values()) consumer.seek({ topic, partition, offset: String(begin) });
      await promise;
    } finally {
      silence.pause();
      signal?.removeEventListener('abort', abort);
      await consumer.disconnect();
      // What was read is read: a group that is not gone yet, or already is, is left to Kafka, which forgets empty ones.
      await withAdmin(brokers, (admin) => admin.deleteGroups([groupId]), { retries: 0 }).catch(() => undefined);
    }
  },
});

/** By partition, in order, the first offset that the log holds and the one that the next record gets. */
const partitionRanges = async (admin: Admin, topic: string): Promise<PartitionRange[]> => {
  const offsets = await admin.fetchTopicOffsets(topic).catch((error: Error & { type?: string }) => {
    if (error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    throw new Error(`There is no topic ${topic}: npm run stack -- up kafka creates it.`);
  });
  return offsets
    .map(({ partition, low, high }) => ({ partition, begin: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
};

/** By these names daprd reports what the broker says of a record; other names may begin in the same way. */
const reservedHeader = /^__(key|topic|partition|offset|timestamp)$/;

/** The key, the place and the time are the broker's, whatever the record's own headers are called. */
const asRecord = (
  topic: string,
  partition: number,
  { key, value, timestamp, offset, headers = {} }: KafkaMessage,
): DeliveredRecord => {
  const place = { partition, offset: Number(offset) };
  const replayOf = replayedPlace(headers[replayOfHeader]?.toString(), topic, place);
  return {
    topic,
    value: value ?? Buffer.alloc(0),
    timestamp: Number(timestamp),
    ...(key && { key: String(key) }),
    ...place,
    ...(replayOf && { replayOf }),
    ...(Object.keys(headers).some((name) => reservedHeader.test(name)) && { hasReservedHeaders: true }),
  };
};

const silent = (topic: string, unread: readonly PartitionRange[]) => {
  const where = unread.map(({ partition, begin, end }) => `partition ${partition} at ${begin} of ${end}`).join(', ');
  return new Error(`Kafka delivers nothing more of ${topic} for ${giveUpAfterSilenceMs / 1000} s: ${where}.`);
};

/** Barks when nothing has been under way for so long. */
const watchdog = (ms: number, bark: () => void) => {
  let timer = setTimeout(bark, ms);
  let underWay = 0;
  return {
    pause: () => {
      underWay++;
      clearTimeout(timer);
    },
    resume: () => {
      if (--underWay === 0) timer = setTimeout(bark, ms);
    },
  };
};

/** Promise.withResolvers, which Node 20 does not have. */
const aPromise = () => {
  let resolve = () => {};
  let reject = (_: unknown) => {};
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
};
