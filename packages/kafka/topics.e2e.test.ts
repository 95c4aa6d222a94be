import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTopic } from '../../tests/stack/fresh.ts';
import { ports } from '../../tests/stack/ports.ts';
import { isStackReady } from '../../tests/stack/stack.ts';
import type { Topic } from '../projections/event-bus.ts';
import { createTopicSettings } from './topic-configuration.ts';
import { checkTopics } from './topics.ts';

const brokers = [`127.0.0.1:${ports.kafka}`];
const declared = { partitions: 1, maxMessageBytes: 16_384 };

const createTopicOfSize = async (bytes: number | undefined) => {
  const size = bytes === undefined ? [] : [{ name: 'max.message.bytes', value: String(bytes) }];
  const configEntries = [...size, { name: 'retention.ms', value: '-1' }];
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

describe.runIf(await isStackReady())('the settings of a topic', () => {
  const compaction = { segmentMs: 1_000, maxLagMs: 2_000 };
  /** Creates a topic as declared, except for `changes`, and checks it. */
  const check = async (topic: Partial<Topic>, changes: Record<string, string>) => {
    const wanted: Topic = { ...declared, name: `settings-${randomUUID()}`, ...topic };
    const settings = { ...createTopicSettings(wanted), ...changes };
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await createTopic({ topic: wanted.name, numPartitions: 1, configEntries });
    return checkTopics(brokers, [wanted]);
  };

  it.each([{}, { compaction }])('are as declared', async (topic) => expect(await check(topic, {})).toEqual([]));

  it.each([
    ['cleanup.policy', 'delete', 'compact', 'records stay in it after their tombstone'],
    ['cleanup.policy', 'compact,delete', 'compact', 'records stay in it after their tombstone'],
    ['segment.ms', '1001', '1000', 'records stay in it after their tombstone'],
    ['max.compaction.lag.ms', '2001', '2000', 'records stay in it after their tombstone'],
    ['delete.retention.ms', '86400000', '3153600000000', 'a view that misses a tombstone keeps what it removes'],
  ])('are an error if a compacted topic has another %s: %s', async (setting, found, wanted, consequence) => {
    await expect(check({ compaction }, { [setting]: found })).rejects.toThrow(
      `has ${setting}=${found}, not ${wanted}, so ${consequence}: set it with npm run stack -- up kafka`,
    );
  });

  it.each([
    ['segment.ms', '500'],
    ['max.compaction.lag.ms', '500'],
  ])('may compact a topic sooner than declared: %s', async (setting, found) =>
    expect(await check({ compaction }, { [setting]: found })).toEqual([]));

  it.each([
    ['cleanup.policy', 'compact', 'delete'],
    ['cleanup.policy', 'compact,delete', 'delete'],
    ['retention.ms', '604800000', '-1'],
    ['retention.bytes', '1000000', '-1'],
  ])('lead to a warning if a topic loses records: %s=%s', async (setting, found, wanted) => {
    expect(await check({}, { [setting]: found })).toEqual([
      expect.stringContaining(
        `has ${setting}=${found}, not ${wanted}, so a view cannot be rebuilt from it: set it with npm`,
      ),
    ]);
  });
});
