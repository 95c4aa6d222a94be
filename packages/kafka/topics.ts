import kafkajs, { type Admin } from 'kafkajs';
import type { Topic } from '../projections/event-bus.ts';
import { serviceLimits, type UseAdmin, useNewAdmin } from './client.ts';
import { comparedSettings, findDeviations, type TopicSettings } from './topic-configuration.ts';

const remedy = 'npm run stack -- up kafka';

/**
 * Checks that the topics exist as declared. Dapr cannot report this. A topic created by a publish has one partition and deletes old
 * records, a topic with a smaller record limit refuses events or dead letters, and a topic without its compaction keeps erased names.
 * @returns warnings, one sentence each
 * @throws Error that names the topics and the command that creates them
 */
export const checkTopics = (
  brokers: readonly string[],
  topics: readonly Topic[],
  useAdmin: UseAdmin = useNewAdmin(brokers, serviceLimits),
): Promise<string[]> =>
  useAdmin(async (admin) => {
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
    const settings = await readSettings(admin, existingNames);
    return [...compareSizes(topics, settings), ...compareSettings(topics, settings)];
  });

/** Per topic; empty if we are not authorised to read them, which is not an error. */
type SettingsByTopic = ReadonlyMap<string, TopicSettings>;

const readSettings = async (admin: Admin, names: readonly string[]): Promise<SettingsByTopic> => {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const resources = names.map((name) => ({ type, name, configNames: comparedSettings }));
  const described = await admin.describeConfigs({ resources, includeSynonyms: false }).catch(() => undefined);
  return new Map(
    described?.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
};

const compareSettings = (topics: readonly Topic[], settings: SettingsByTopic): string[] => {
  const deviations = topics.flatMap((topic) => findDeviations(topic, settings.get(topic.name) ?? {}));
  const errors = deviations.filter(({ isError }) => isError);
  if (errors.length > 0) throw new Error(`${errors.map(({ sentence }) => sentence).join('; ')}: set it with ${remedy}`);
  const unknown = topics.filter(({ name, compaction }) => compaction && !settings.has(name));
  return [
    ...deviations.map(({ sentence }) => `${sentence}: set it with ${remedy}`),
    ...unknown.map(
      ({ name }) =>
        `the settings of topic ${name} cannot be read, so it is unknown whether it is compacted: allow this service to describe them`,
    ),
  ];
};

const compareSizes = (topics: readonly Topic[], settings: SettingsByTopic): string[] => {
  const differing = topics.flatMap(({ name, maxMessageBytes: declared }) => {
    const maxBytes = Number(settings.get(name)?.['max.message.bytes'] ?? declared);
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
