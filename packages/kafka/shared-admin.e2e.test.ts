import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOwnedProcess } from '../../scripts/stack/owned-process.ts';
import { partFolder } from '../../scripts/stack/settings.ts';
import { eventually } from '../../tests/eventually.ts';
import { pauseProcess } from '../../tests/pause-process.ts';
import { createTopic, withKafkaAdmin } from '../../tests/stack/fresh.ts';
import { ports } from '../../tests/stack/ports.ts';
import { isStackReady, startPart, stopPart } from '../../tests/stack/stack.ts';
import { createSharedAdmin, type SharedAdmin } from './shared-admin.ts';

describe.runIf(await isStackReady())('one admin connection for all calls of a service', () => {
  const [wide, narrow] = [`wide-${randomUUID()}`, `narrow-${randomUUID()}`];
  let admin: SharedAdmin;
  beforeEach(async () => {
    await startPart('kafka');
    const existing = await withKafkaAdmin((one) => one.listTopics());
    if (!existing.includes(wide)) await createTopic({ topic: wide, numPartitions: 4 });
    if (!existing.includes(narrow)) await createTopic({ topic: narrow, numPartitions: 2 });
    admin = createSharedAdmin([`127.0.0.1:${ports.kafka}`]);
  });
  afterEach(() => admin.close());

  const countPartitions = async (topic: string) => (await admin.use((one) => one.fetchTopicOffsets(topic))).length;
  const countConnections = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

  it('gives concurrent callers the partitions of their own topics, over connections that stay', async () => {
    const before = countConnections();
    expect(await countPartitions(wide)).toBe(4);
    const held = countConnections();
    expect(held).toBeGreaterThan(before);
    const readMetadata = () => admin.use((one) => one.fetchTopicMetadata({ topics: [narrow] }));
    const counts = await Promise.all(
      Array.from({ length: 40 }, async (_, n) =>
        n % 2 === 0 ? countPartitions(wide) : (await readMetadata()).topics[0]?.partitions.length,
      ),
    );
    expect(counts).toEqual(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 4 : 2)));
    expect(countConnections()).toBe(held);
    admin.close();
    await eventually(() => expect(countConnections()).toBe(before));
  });

  it('connects again at once when the broker was restarted, without an error for the caller', async () => {
    expect(await countPartitions(wide)).toBe(4);
    await stopPart('kafka');
    await startPart('kafka');
    // A broker that has just started answers before its partitions have a leader.
    await eventually(() => withKafkaAdmin((one) => one.fetchTopicOffsets(wide)));
    expect(await countPartitions(wide)).toBe(4);
  });

  it('fails while the broker is down, and works when it is back', async () => {
    expect(await countPartitions(wide)).toBe(4);
    await stopPart('kafka');
    const calls = [1, 2, 3].map(() => countPartitions(wide));
    for (const call of calls) await expect(call).rejects.toThrow('Kafka does not answer');
    await startPart('kafka');
    await eventually(async () => expect(await countPartitions(wide)).toBe(4));
  });

  it('fails for all callers while the broker is suspended, and works when it continues', async () => {
    expect(await countPartitions(wide)).toBe(4);
    const { pid } = findOwnedProcess(partFolder('kafka')) as { pid: number };
    await pauseProcess(pid);
    try {
      const calls = await Promise.allSettled([wide, narrow, wide].map(countPartitions));
      expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await eventually(async () => expect(await countPartitions(wide)).toBe(4));
  });

  it('answers about a topic although one that it was asked about before is deleted', async () => {
    expect(await countPartitions(narrow)).toBe(2);
    await withKafkaAdmin((one) => one.deleteTopics({ topics: [narrow] }));
    expect(await countPartitions(wide)).toBe(4);
    await expect(countPartitions(narrow)).rejects.toThrow('does not host this topic-partition');
    expect(await countPartitions(wide)).toBe(4);
  });

  it('sees the partitions that were added to a topic', async () => {
    const topic = `growing-${randomUUID()}`;
    await createTopic({ topic, numPartitions: 1 });
    expect(await countPartitions(topic)).toBe(1);
    await withKafkaAdmin((one) => one.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    await eventually(async () => expect(await countPartitions(topic)).toBe(3));
  });
});
