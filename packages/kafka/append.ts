import { type RecordCopy, replayOfHeader } from '../projections/event-bus.ts';
import { kafkaClient } from './client.ts';

/** Writes records to a topic as they were. The partition is given where it is known, for our partitioner is not Dapr's. */
export const appendCopies = async (
  brokers: readonly string[],
  topic: string,
  copies: readonly RecordCopy[],
): Promise<void> => {
  const producer = kafkaClient(brokers).producer();
  await producer.connect();
  try {
    const messages = copies.map(({ key, value, timestamp, partition, replayOf }) => ({
      key: key === '' ? null : key,
      value,
      timestamp: String(timestamp),
      headers: { [replayOfHeader]: replayOf },
      ...(partition !== undefined && { partition }),
    }));
    await producer.send({ topic, acks: -1, messages });
  } finally {
    await producer.disconnect();
  }
};
