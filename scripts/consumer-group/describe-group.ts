import type { Admin } from 'kafkajs';

export type PartitionState = { partition: number; committed: string; end: string; lag: string };

/** Per partition the group's committed offset, the end of the log, and how many records lie between. */
export const describeGroup = async (admin: Admin, group: string, topic: string): Promise<PartitionState[]> => {
  const [ends, [held]] = await Promise.all([
    endsOf(admin, topic),
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  ]);
  return ends.map(({ partition, low, high }) => {
    const offset = held?.partitions.find((candidate) => candidate.partition === partition)?.offset ?? '-1';
    const isCommitted = Number(offset) >= 0;
    const lag = Number(high) - Number(isCommitted ? offset : low);
    return { partition, committed: isCommitted ? offset : 'none', end: high, lag: String(lag) };
  });
};

/** The first and the next offset of each partition, by partition. */
export const endsOf = async (admin: Admin, topic: string) => {
  const offsets = await admin.fetchTopicOffsets(topic).catch(() => {
    throw new Error(`There is no topic ${topic}: npm run stack -- up kafka creates it.`);
  });
  return offsets.sort((a, b) => a.partition - b.partition);
};
