import kafkajs, { type Admin } from 'kafkajs';
import { withAdmin } from '../../packages/kafka/client.ts';
import { createTopicSettings } from '../../packages/kafka/topic-configuration.ts';
import type { Topic } from '../../packages/projections/event-bus.ts';
import type { Report } from './part.ts';
import { waitUntil } from './wait-until.ts';

/** The callers retry by themselves. */
const once = { retries: 0 };

export const isBrokerReachable = (broker: string): Promise<boolean> =>
  withAdmin([broker], async (admin) => (await admin.describeCluster()).brokers.length > 0, once).catch(() => false);

/** Creates missing topics and sets the declared configuration on the others; the number of partitions only grows. */
export const ensureTopics = async (broker: string, declared: readonly Topic[], report: Report): Promise<void> => {
  let lastError: unknown;
  const work = () =>
    withAdmin(
      [broker],
      async (admin) => {
        const present = await admin.listTopics();
        const missing = declared.filter((topic) => !present.includes(topic.name));
        if (missing.length > 0) await createTopics(admin, missing);
        for (const topic of missing) report(`created the topic ${topic.name}`);
        for (const topic of declared.filter(({ name }) => present.includes(name)))
          await alignTopic(admin, topic, report);
        return true;
      },
      once,
    );
  // A broker that has just started answers before it has elected the leaders of its partitions.
  const attempt = () =>
    work().catch((error) => {
      lastError = error;
    });
  if (!(await waitUntil(20, attempt))) throw lastError;
};

const createTopics = (admin: Admin, topics: Topic[]): Promise<boolean> =>
  admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor: 1,
      configEntries: Object.entries(createTopicSettings(topic)).map(([name, value]) => ({ name, value })),
    })),
  });

const alignTopic = async (admin: Admin, topic: Topic, report: Report): Promise<void> => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic.name] });
  const partitions = topics[0]?.partitions.length ?? 0;
  if (partitions < topic.partitions) {
    await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: topic.partitions }] });
    report(`increased the partitions of the topic ${topic.name} from ${partitions} to ${topic.partitions}`);
  }
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic.name };
  const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
  const entries = resources[0]?.configEntries ?? [];
  const wanted = createTopicSettings(topic);
  if (
    Object.entries(wanted).every(([name, value]) => entries.find((e) => e.configName === name)?.configValue === value)
  )
    return;
  // AlterConfigs replaces all settings of the topic, so the request repeats those that others made.
  const others = entries.filter((entry) => !entry.isDefault && !(entry.configName in wanted));
  const kept = others.map((entry) => ({ name: entry.configName, value: entry.configValue }));
  const ours = Object.entries(wanted).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [...kept, ...ours] }] });
  report(`set the declared configuration of the topic ${topic.name}`);
};
