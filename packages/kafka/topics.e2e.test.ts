import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTopic } from '../../tests/stack/fresh.ts';
import { ports } from '../../tests/stack/ports.ts';
import { isStackReady } from '../../tests/stack/stack.ts';
import { checkTopics } from './topics.ts';

const brokers = [`127.0.0.1:${ports.kafka}`];
const declared = { partitions: 1, maxMessageBytes: 16_384 };

const createTopicOfSize = async (bytes: number | undefined) => {
  const configEntries = bytes === undefined ? [] : [{ name: 'max.message.bytes', value: String(bytes) }];
  const topic = { ...declared, name: `sizes-${randomUUID()}` };
  await createTopic({ topic: topic.name, numPartitions: 1, configEntries });
  return topic;
};

describe.runIf(await isStackReady())('the record size limit of a topic', () => {
  it('is as declared', async () => expect(await checkTopics(brokers, [await createTopicOfSize(16_384)])).toEqual([]));

  it('is an error if it is smaller than declared, because events would be refused', async () => {
    const topic = await createTopicOfSize(1_000);
    await expect(checkTopics(brokers, [topic])).rejects.toThrow(
      `topic ${topic.name} allows records of 1000 bytes, not 16384: set max.message.bytes with npm run stack -- up kafka`,
    );
  });

  it('leads to a warning if it is larger than declared, as in a topic that was created without it', async () => {
    const topic = await createTopicOfSize(undefined);
    const [advice, ...more] = await checkTopics(brokers, [topic]);
    expect(advice).toMatch(
      new RegExp(`^topic ${topic.name} allows records of \\d{7} bytes, not 16384 as declared, .*stack`),
    );
    expect(more).toEqual([]);
  });
});
