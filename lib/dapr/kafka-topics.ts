import { Kafka, logLevel } from 'kafkajs';
import type { Topic } from '../event-bus.ts';
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
  const { components } = await sidecar.metadata();
  if (components.find(({ name }) => name === pubsub)?.type !== 'pubsub.kafka') return;
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect().catch((error: Error) => {
      throw new Error(`Kafka does not answer at ${brokers.join(', ')} (KAFKA_BROKERS): ${error.message}`);
    });
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
  } finally {
    await admin.disconnect();
  }
};
