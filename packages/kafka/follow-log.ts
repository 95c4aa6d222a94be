import type { OperatorLog } from '../projections/operator-log.ts';
import { createKafkaClient, withAdmin } from './client.ts';
import { toRecord } from './log-reader.ts';

const maxBytesPerPartition = 256 * 1024;
const maxWaitTimeInMs = 250;

/** Follows a topic in Kafka with a temporary consumer group, which commits nothing. It reads uncommitted records, like the log reader. */
export const followKafkaLog =
  (brokers: readonly string[], newId: () => string): OperatorLog['follow'] =>
  async (topic, from, handle, signal) => {
    const groupId = `log-follower-${newId()}`;
    const consumer = createKafkaClient(brokers).consumer({
      groupId,
      readUncommitted: true,
      maxBytesPerPartition,
      maxWaitTimeInMs,
    });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
        const run = consumer.run({
          autoCommit: false,
          eachBatch: async ({ batch, heartbeat }) => {
            const { partition, messages } = batch;
            const records = messages.map((message) => toRecord(topic, partition, message));
            if (!signal.aborted) await handle({ partition, records, next: Number(batch.lastOffset()) + 1 });
            await heartbeat();
          },
        });
        run.catch(reject);
        for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: String(offset) });
      });
    } finally {
      await consumer.disconnect();
      // Ignore a failed deletion: Kafka expires empty groups.
      await withAdmin(brokers, (admin) => admin.deleteGroups([groupId]), { retries: 0 }).catch(() => undefined);
    }
  };
