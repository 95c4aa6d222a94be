import kafkajs, { type Admin } from 'kafkajs';
import { withAdmin } from '../../packages/kafka/client.ts';
import type { Topic } from '../../packages/projections/event-bus.ts';
import type { Say } from './part.ts';
import { waitUntil } from './wait-until.ts';

/**
 * A log that forgets cannot rebuild a view, so neither age nor size ends a record's life. The broker unpacks what producers
 * compress: our log reader knows gzip alone, and one batch that it cannot read would keep it from all the others.
 */
const configurationOf = ({ maxMessageBytes }: Topic): Record<string, string> => ({
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': String(maxMessageBytes),
  'compression.type': 'uncompressed',
});

/** Without retries: the callers ask again themselves. */
const once = { retries: 0 };

export const brokerAnswers = (broker: string): Promise<boolean> =>
  withAdmin([broker], async (admin) => (await admin.describeCluster()).brokers.length > 0, once).catch(() => false);

/** Creates the topics that are missing and brings the others to what is declared; partitions are only ever added. */
export const ensureTopics = async (broker: string, declared: Topic[], say: Say): Promise<void> => {
  let last: unknown;
  const work = () =>
    withAdmin(
      [broker],
      async (admin) => {
        const present = await admin.listTopics();
        const missing = declared.filter((topic) => !present.includes(topic.name));
        if (missing.length > 0) await create(admin, missing);
        for (const topic of missing) say(`created the topic ${topic.name}`);
        for (const topic of declared.filter(({ name }) => present.includes(name))) await align(admin, topic, say);
        return true;
      },
      once,
    );
  // A broker that has just started answers before it leads its partitions.
  const attempt = () =>
    work().catch((error) => {
      last = error;
    });
  if (!(await waitUntil(20, attempt))) throw last;
};

const create = (admin: Admin, topics: Topic[]): Promise<boolean> =>
  admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor: 1,
      configEntries: Object.entries(configurationOf(topic)).map(([name, value]) => ({ name, value })),
    })),
  });

const align = async (admin: Admin, topic: Topic, say: Say): Promise<void> => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic.name] });
  const held = topics[0]?.partitions.length ?? 0;
  if (held < topic.partitions) {
    await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: topic.partitions }] });
    say(`gave the topic ${topic.name} ${topic.partitions} partitions instead of ${held}`);
  }
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic.name };
  const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
  const entries = resources[0]?.configEntries ?? [];
  const wanted = configurationOf(topic);
  if (
    Object.entries(wanted).every(([name, value]) => entries.find((e) => e.configName === name)?.configValue === value)
  )
    return;
  // This request replaces all settings of the topic, so those that others made go with it.
  const others = entries.filter((entry) => !entry.isDefault && !(entry.configName in wanted));
  const kept = others.map((entry) => ({ name: entry.configName, value: entry.configValue }));
  const ours = Object.entries(wanted).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [...kept, ...ours] }] });
  say(`brought the settings of the topic ${topic.name} to what is declared`);
};
