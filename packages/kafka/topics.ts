import kafkajs, { type Admin } from 'kafkajs';
import type { Topic } from '../projections/event-bus.ts';
import { serviceLimits, withAdmin } from './client.ts';

const remedy = 'npm run stack -- up kafka';

/**
 * Dapr cannot tell whether a topic is there, and a topic that a publish created has one partition and forgets. One that takes
 * less than is declared would refuse events or dead letters.
 * @returns what is no fault and should be changed all the same, a sentence each
 * @throws Error that names the topics and how to create them
 */
export const checkTopics = (brokers: readonly string[], topics: readonly Topic[]): Promise<string[]> => {
  const check = async (admin: Admin) => {
    const existing = await admin.listTopics();
    const wanted = topics.filter(({ name }) => existing.includes(name)).map(({ name }) => name);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: wanted });
    const problems = topics.flatMap(({ name, partitions }) => {
      const has = found.find((topic) => topic.name === name)?.partitions.length;
      if (has === undefined) return [`topic ${name} does not exist`];
      return has < partitions ? [`topic ${name} has ${has} partition${has === 1 ? '' : 's'}, not ${partitions}`] : [];
    });
    if (problems.length > 0) throw new Error(`${problems.join('; ')}: create the topics with ${remedy}`);
    return compareSizes(topics, await readMaxBytes(admin, wanted));
  };
  return withAdmin(brokers, check, serviceLimits);
};

/** By topic; empty where we may not ask for it, which is no reason not to work. */
const readMaxBytes = async (admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const resources = names.map((name) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name,
    configNames: ['max.message.bytes'],
  }));
  const described = await admin.describeConfigs({ resources, includeSynonyms: false }).catch(() => undefined);
  return new Map(
    described?.resources.flatMap(({ resourceName, configEntries: [entry] }) =>
      entry ? [[resourceName, Number(entry.configValue)] as const] : [],
    ),
  );
};

const compareSizes = (topics: readonly Topic[], sizes: ReadonlyMap<string, number>): string[] => {
  const differing = topics.flatMap(({ name, maxMessageBytes: declared }) => {
    const takes = sizes.get(name) ?? declared;
    return takes === declared ? [] : [{ declared, takes, sentence: `topic ${name} takes ${takes} bytes a record` }];
  });
  const small = differing.filter(({ takes, declared }) => takes < declared);
  if (small.length > 0)
    throw new Error(
      `${small.map(({ sentence, declared }) => `${sentence}, not ${declared}`).join('; ')}: set max.message.bytes with ${remedy}`,
    );
  return differing.map(
    ({ sentence, declared }) =>
      `${sentence} where ${declared} are declared, so another producer can fill the memory of the sidecar: set max.message.bytes with ${remedy}`,
  );
};
