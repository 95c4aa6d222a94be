import type { Admin } from 'kafkajs';
import type { PartitionRange } from '../log-reader.ts';

/** By partition, in order, the first offset that the log holds and the one that the next record gets. */
export const partitionRanges = async (admin: Admin, topic: string): Promise<PartitionRange[]> => {
  const offsets = await admin.fetchTopicOffsets(topic).catch((error: Error & { type?: string }) => {
    if (error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    throw new Error(`There is no topic ${topic}: npm run stack -- up kafka creates it.`);
  });
  return offsets
    .map(({ partition, low, high }) => ({ partition, begin: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
};
