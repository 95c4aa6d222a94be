import type { Admin } from 'kafkajs';
import type { Topic } from '../event-bus.ts';
import { serviceLimits, withAdmin } from './client.ts';

/**
 * Dapr cannot tell whether a topic is there, and a topic that a publish created has one partition and forgets.
 * @throws Error that names the topics and how to create them
 */
export const checkTopics = (brokers: readonly string[], topics: readonly Topic[]): Promise<void> => {
  const check = async (admin: Admin) => {
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
  };
  return withAdmin(brokers, check, serviceLimits);
};
