import { type RecordCopy, replayOfHeader } from '../projections/event-bus.ts';
import { createKafkaClient } from './client.ts';

/**
 * Appends copies of records to a topic, and resolves when all in-sync replicas have them. A copy names its partition if known, because
 * kafkajs partitions differently from Dapr. A copy with an empty value is appended as a tombstone.
 */
export const appendCopies = async (
  brokers: readonly string[],
  topic: string,
  copies: readonly RecordCopy[],
): Promise<void> => {
  const producer = createKafkaClient(brokers).producer();
  await producer.connect();
  try {
    const messages = copies.map(({ key, value, timestamp, partition, replayOf }) => ({
      key: key === '' ? null : key,
      value: value.length === 0 ? null : value,
      timestamp: String(timestamp),
      headers: { [replayOfHeader]: replayOf },
      ...(partition !== undefined && { partition }),
    }));
    await producer.send({ topic, acks: -1, messages });
  } finally {
    await producer.disconnect();
  }
};
