import { createClient } from 'redis';
import { parseConnectionMandate } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { createKafkaClient } from '../../packages/kafka/client.ts';
import { measureRun } from './run.ts';

// A Kafka client in Node that writes the last change of each key in a batch to Redis, 1,000 keys per command, without compare-and-set.
const [broker = '', redisUrl = '', topic = '', groupId = '', events = ''] = process.argv.slice(2);
const keysPerCommand = 1_000;
const redis = await createClient({ url: redisUrl }).connect();
const consumer = createKafkaClient([broker]).consumer({ groupId, maxBytesPerPartition: 4 * 1024 * 1024 });
const progress = measureRun(Number(events));

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    progress(0);
    const last = new Map<string, string>();
    for (const { value, timestamp } of batch.messages) {
      const change = parseConnectionMandate({ value: value as Buffer, timestamp: Number(timestamp) });
      const { connectionId } = change.data;
      last.set(connectionId, JSON.stringify({ ...change.data, revision: change.revision, changedAt: change.time }));
    }
    const pairs = [...last];
    const commands: Promise<unknown>[] = [];
    for (let from = 0; from < pairs.length; from += keysPerCommand)
      commands.push(redis.mSet(pairs.slice(from, from + keysPerCommand)));
    await Promise.all(commands);
    progress(batch.messages.length);
  },
});
