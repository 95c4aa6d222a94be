import type { Admin } from 'kafkajs';
import { type AskLimits, withAdmin } from './client.ts';

/** By partition the offset behind what the group has committed to Kafka. */
export const committedOffsets = (
  brokers: readonly string[],
  groupId: string,
  topic: string,
  limits?: AskLimits,
): Promise<ReadonlyMap<number, number>> => {
  const fetch = async (admin: Admin) => {
    // kafkajs finds the group's coordinator only once it has the metadata of some topic.
    await admin.fetchTopicMetadata({ topics: [topic] });
    const [held] = await admin.fetchOffsets({ groupId, topics: [topic] });
    // Where nothing is committed the offset is -1.
    const committed = (held?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
    return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
  };
  return withAdmin(brokers, fetch, limits);
};
