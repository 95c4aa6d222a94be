import { withKafkaAdmin } from './kafka-admin.ts';

/** By partition the offset that the next record of the topic gets. */
export const endsInKafka = (brokers: readonly string[], topic: string): Promise<ReadonlyMap<number, number>> =>
  withKafkaAdmin(brokers, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  });

/** By partition the offset behind what the group has committed to Kafka. */
export const committedToKafka = (
  brokers: readonly string[],
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> =>
  withKafkaAdmin(brokers, async (admin) => {
    // kafkajs finds the group's coordinator only once it has the metadata of some topic.
    await admin.fetchTopicMetadata({ topics: [topic] });
    const [held] = await admin.fetchOffsets({ groupId, topics: [topic] });
    // Where nothing is committed the offset is -1.
    const committed = (held?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
    return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
  });
