import kafkajs, { type Admin } from 'kafkajs';
import type { Topic } from '../projections/event-bus.ts';
import { serviceLimits, withAdmin } from './client.ts';

const remedy = 'npm run stack -- up kafka';

/**
 * Checks that the topics exist as declared. Dapr cannot report this. A topic created by a publish has one partition and deletes old
 * records, and a topic with a smaller record limit refuses events or dead letters.
 * @returns warnings, one sentence each
 * @throws Error that names the topics and the command that creates them
 */
export const checkTopics = (brokers: readonly string[], topics: readonly Topic[]): Promise<string[]> => {
  const check = async (admin: Admin) => {
    const allNames = await admin.listTopics();
    const existingNames = topics.filter(({ name }) => allNames.includes(name)).map(({ name }) => name);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: existingNames });
    const problems = topics.flatMap(({ name, partitions }) => {
      const partitionCount = found.find((topic) => topic.name === name)?.partitions.length;
      if (partitionCount === undefined) return [`topic ${name} does not exist`];
      return partitionCount < partitions
        ? [`topic ${name} has ${partitionCount} partition${partitionCount === 1 ? '' : 's'}, not ${partitions}`]
        : [];
    });
    if (problems.length > 0) throw new Error(`${problems.join('; ')}: create the topics with ${remedy}`);
    return compareSizes(topics, await readMaxBytes(admin, existingNames));
  };
  return withAdmin(brokers, check, serviceLimits);
};

/** Per topic; empty if we are not authorised to read it, which is not an error. */
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
    const maxBytes = sizes.get(name) ?? declared;
    return maxBytes === declared
      ? []
      : [{ declared, maxBytes, sentence: `topic ${name} allows records of ${maxBytes} bytes` }];
  });
  const small = differing.filter(({ maxBytes, declared }) => maxBytes < declared);
  if (small.length > 0)
    throw new Error(
      `${small.map(({ sentence, declared }) => `${sentence}, not ${declared}`).join('; ')}: set max.message.bytes with ${remedy}`,
    );
  return differing.map(
    ({ sentence, declared }) =>
      `${sentence}, not ${declared} as declared, so another producer can fill the memory of the sidecar: set max.message.bytes with ${remedy}`,
  );
};
