import type { Message } from 'kafkajs';
import { groupBy } from '../../lib/group-by.ts';
import { kafkaClient } from '../../lib/kafka/client.ts';
import type { DeadLetter } from './read-dead-letters.ts';

/**
 * Writes the records again as they were. The partition is given, for our partitioner is not Dapr's; and so is the time:
 * an event without a revision takes it as such, and would otherwise undo what is newer.
 * @throws Error when one was too large to be kept whole, or has no time
 */
export const replayDeadLetters = async (brokers: string[], letters: readonly DeadLetter[]): Promise<void> => {
  const cut = letters.find(({ data }) => data.truncated);
  if (cut) throw new Error(`${cut.id} was too large to be kept whole, so it cannot be replayed. Nothing was.`);
  const timeless = letters.find(({ data }) => data.timestamp === null);
  if (timeless)
    throw new Error(
      `${timeless.id} has no time that can be believed, so it could undo what is newer. Nothing was replayed.`,
    );
  const producer = kafkaClient(brokers).producer();
  await producer.connect();
  for (const [topic, own] of groupBy(letters, ({ data }) => data.topic))
    await producer.send({ topic, acks: -1, messages: own.map(asMessage) });
  await producer.disconnect();
};

const asMessage = ({ data: { key, partition, timestamp, value, valueBase64 } }: DeadLetter): Message => ({
  key: key === '' ? null : key,
  value: value ?? Buffer.from(valueBase64 ?? '', 'base64'),
  timestamp: String(timestamp),
  ...(partition !== undefined && { partition }),
});
