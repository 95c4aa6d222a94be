import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brokerTopics } from '../../../contracts/topics.ts';
import { fetchJars, requireJava } from '../maven.ts';
import { findOwnedProcess } from '../owned-process.ts';
import type { Part, Report } from '../part.ts';
import { runCommand } from '../run-command.ts';
import { partFolder, settings } from '../settings.ts';
import { ensureTopics, isBrokerReachable } from '../topics.ts';

const version = '4.2.0';
const port = settings.kafkaPort;
const broker = `127.0.0.1:${port}`;

const kafkaArtifact = (artifactId: string) => ({ groupId: 'org.apache.kafka', artifactId, version });
const log = { groupId: 'org.slf4j', artifactId: 'slf4j-simple', version: '1.7.36' };

const serverProperties = (data: string): string =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${port + 1}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${broker},CONTROLLER://127.0.0.1:${port + 1}`,
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'message.max.bytes': Math.max(...brokerTopics.map((topic) => topic.maxMessageBytes)),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // dapr-components/variants/quick-takeover needs it; Kafka's default is 6000.
    'group.min.session.timeout.ms': 3000,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** The folder of the broker's jars, which contain Kafka's command-line tools as well. */
export const fetchKafkaJars = (report: Report): Promise<string> =>
  fetchJars(`kafka-${version}`, [...['kafka_2.13', 'kafka-tools'].map(kafkaArtifact), log], report);

/** The folder of the jars of Kafka Streams, of the broker's version. */
export const fetchKafkaStreamsJars = (report: Report): Promise<string> =>
  fetchJars(`kafka-streams-${version}`, [kafkaArtifact('kafka-streams'), log], report);

const prepare = async (folder: string, report: Report) => {
  const java = await requireJava();
  const jars = await fetchKafkaJars(report);
  const classpath = ['-cp', join(jars, '*')];
  const data = join(folder, 'data');
  const properties = join(folder, 'server.properties');
  await mkdir(data, { recursive: true });
  await writeFile(properties, serverProperties(data));
  if (!(await readdir(data)).includes('meta.properties')) {
    report('formatting its data folder');
    // The id begins with a letter, because an id that begins with a dash would be parsed as an option.
    const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`;
    await runCommand(java, [...classpath, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties]);
  }
  const logLevel = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  return { program: java, args: ['-Xms256m', '-Xmx768m', logLevel, ...classpath, 'kafka.Kafka', properties] };
};

export const kafka: Part = {
  title: `Kafka ${version}`,
  port,
  portVariable: 'KAFKA_PORT',
  prepare,
  // Kafka's protocol does not report the broker's version.
  probe: async () =>
    (await isBrokerReachable(broker)) ? (findOwnedProcess(partFolder('kafka')) ? version : 'unknown') : undefined,
  provision: (report) => ensureTopics(broker, brokerTopics, report),
};
