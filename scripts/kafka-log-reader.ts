import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { deliveredRecord } from '../lib/dapr/delivered-record.ts';
import type { LogReader, PartitionRange } from '../lib/log-reader.ts';
import { endsOf } from './consumer-group/describe-group.ts';
import { kafkaClient, withAdmin } from './kafka-client.ts';

/** Large, for what comes in one batch is folded before it is written; small enough to hold one of each partition. */
const maxBytesPerPartition = 1024 * 1024;
/** Nobody waits for the partitions of this group, so its member may take its time over a batch. */
const sessionTimeout = 300_000;
const giveUpAfterSilenceMs = 60_000;

/** The log in Kafka, read through a consumer group made for each reading. */
export const kafkaLogReader = (brokers: string[], now: () => number): LogReader => ({
  offsets: async (topic) => {
    const ends = await withAdmin(brokers, (admin) => endsOf(admin, topic));
    return ends.map(({ partition, low, high }) => ({ partition, begin: Number(low), end: Number(high) }));
  },

  read: async (topic, ranges, handle, signal) => {
    const unread = new Map(ranges.filter(({ begin, end }) => begin < end).map((range) => [range.partition, range]));
    if (unread.size === 0) return;
    const groupId = `log-reader-${randomUUID()}`;
    const limits = { maxBytesPerPartition, maxBytes: maxBytesPerPartition * unread.size, maxWaitTimeInMs: 100 };
    const consumer = kafkaClient(brokers).consumer({ groupId, sessionTimeout, ...limits });
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
        const records = batch.messages
          .filter(wanted)
          .map((message) => asRecord(topic, batch.partition, message, now()));
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
      await withAdmin(brokers, (admin) => admin.deleteGroups([groupId])).catch(() => undefined);
    }
  },
});

/** As the sidecar tells of it: a record's own headers go over what the broker says, its place excepted. */
const asRecord = (
  topic: string,
  partition: number,
  { key, value, timestamp, offset, headers }: KafkaMessage,
  now: number,
) => {
  const own = Object.entries(headers ?? {}).map(([name, content]) => [name, String(content)]);
  const metadata = { ...(key && { __key: String(key) }), __timestamp: timestamp, ...Object.fromEntries(own) };
  const place = { __partition: String(partition), __offset: offset };
  return deliveredRecord(topic, value ?? Buffer.alloc(0), { ...metadata, ...place }, now);
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
