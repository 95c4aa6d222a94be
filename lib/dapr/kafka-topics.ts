import type { Topic } from '../event-bus.ts';
import { withKafkaAdmin } from './kafka-admin.ts';
import type { Sidecar } from './sidecar.ts';

/**
 * Dapr cannot tell whether a topic is there, and a topic that came by accident has one partition and forgets: so Kafka is
 * asked, where the component is Kafka. @throws Error that names the topics and how to create them
 */
export const checkKafkaTopics = async (
  sidecar: Sidecar,
  pubsub: string,
  brokers: readonly string[],
  topics: readonly Topic[],
): Promise<void> => {
  if (!(await isKafka(sidecar, pubsub))) return;
  await withKafkaAdmin(brokers, async (admin) => {
    const existing = await admin.listTopics();
    const wanted = topics.filter(({ name }) => existing.includes(name)).map(({ name }) => name);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: wanted });
    const problems = topics.flatMap(({ name, partitions }) => {
      const has = found.find((topic) => topic.name === name)?.partitions.length;
      if (has === undefined) return [`topic ${name} does not exist`];
      return has < partitions ? [`topic ${name} has ${has} partition${has === 1 ? '' : 's'}, not ${partitions}`] : [];
    });
    if (problems.length > 0)
      throw new Error(`${problems.join('; ')}: create the topics with npm run stack -- up kafka`);
  });
};

/** Redis Streams, for one, has neither partitions nor offsets. */
export const isKafka = async (sidecar: Sidecar, pubsub: string): Promise<boolean> => {
  const { components } = await sidecar.metadata();
  return components.find(({ name }) => name === pubsub)?.type === 'pubsub.kafka';
};
