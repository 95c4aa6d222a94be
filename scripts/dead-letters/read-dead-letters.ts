import { randomUUID } from 'node:crypto';
import type { EachMessagePayload } from 'kafkajs';
import { kafkaClient, withAdmin } from '../kafka-client.ts';

/** `data` is as lib/dead-letter.ts wrote it. */
export type DeadLetter = {
  id: string;
  time: string;
  data: {
    reason: string;
    topic: string;
    partition?: number;
    offset?: number;
    /** None where the record's time could not be believed. */
    timestamp: number | null;
    key: string;
    value?: string;
    valueBase64?: string;
    truncated?: boolean;
  };
};

/** All dead letters, oldest first; the same record set aside twice is one of them. */
export const readDeadLetters = async (brokers: string[], topic: string): Promise<DeadLetter[]> => {
  const many = await withAdmin(brokers, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  });
  const letters = new Map<string, DeadLetter>();
  if (many === 0) return [];
  const group = `dead-letters-${randomUUID()}`;
  const consumer = kafkaClient(brokers).consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: EachMessagePayload) => {
      const letter = JSON.parse(String(message.value)) as DeadLetter;
      letters.set(letter.id, letter);
      if (++seen >= many) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  await withAdmin(brokers, (admin) => admin.deleteGroups([group]));
  return [...letters.values()].sort((a, b) => a.time.localeCompare(b.time));
};
