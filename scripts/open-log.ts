import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { topics } from '../contracts/topics.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { appendCopies } from '../packages/kafka/append.ts';
import { kafkaBrokers, withAdmin } from '../packages/kafka/client.ts';
import { kafkaLogReader } from '../packages/kafka/log-reader.ts';
import type { RecordCopy, Topic } from '../packages/projections/event-bus.ts';
import type { LogReader } from '../packages/projections/log-reader.ts';
import { type ConsumerGroups, embeddedGroups, kafkaGroups } from './consumer-group/groups.ts';

/** The log of the platform, in Kafka or in the file of `npm start`. */
export type PlatformLog = {
  readonly isEmbedded: boolean;
  readonly log: LogReader;
  readonly groups: ConsumerGroups;
  /** Writes records again, as they were. */
  append(topic: Topic, copies: readonly RecordCopy[]): Promise<void>;
  close(): void;
};

type WhichLog = { readonly embedded: boolean; readonly kafka: boolean };

export const whichLogOptions = {
  embedded: { type: 'boolean', default: false },
  kafka: { type: 'boolean', default: false },
} as const;

export const whichLogHelp = `Without --kafka, --embedded or KAFKA_BROKERS it takes the log that is there: Kafka on localhost:9092, or the file of npm start.`;

/** @throws Error that says what to do when both are there, or the one that was asked for is not */
export const openLog = async (env: NodeJS.ProcessEnv, which: WhichLog): Promise<PlatformLog> => {
  if (which.embedded && which.kafka) throw new Error('Either --embedded or --kafka.');
  const file = join(readIotPlatformConfig(env).dataDir, 'platform.sqlite');
  if (which.embedded && !existsSync(file))
    throw new Error(`There is no ${file}: npm start makes it, DATA_DIR says where it is.`);
  return which.embedded || (await isEmbeddedAlone(env, which, file)) ? embeddedLog(file) : kafkaLog(kafkaBrokers(env));
};

const isEmbeddedAlone = async (env: NodeJS.ProcessEnv, { kafka }: WhichLog, file: string): Promise<boolean> => {
  if (kafka || env.KAFKA_BROKERS || env.DAPR_HTTP_PORT || !existsSync(file)) return false;
  const [broker] = kafkaBrokers(env);
  const answers = withAdmin([broker as string], async (admin) => admin.listTopics(), { retries: 0 });
  const isKafkaThere = await answers.then(
    (names) => names.includes(topics.connectionMandates.name),
    () => false,
  );
  if (isKafkaThere)
    throw new Error(`Which log? Kafka answers at ${broker}, and there is ${file}: --kafka, or --embedded.`);
  return true;
};

const kafkaLog = (brokers: string[]): PlatformLog => ({
  isEmbedded: false,
  log: kafkaLogReader(brokers, { newId: randomUUID }),
  groups: kafkaGroups(brokers),
  append: ({ name }, copies) => appendCopies(brokers, name, copies),
  close: () => {},
});

const embeddedLog = (file: string): PlatformLog => {
  const platform = openEmbeddedPlatform(file, Object.values(topics), { lockWaitMs: 10_000 });
  return {
    isEmbedded: true,
    log: platform.logReader(),
    groups: embeddedGroups(platform),
    append: platform.appendCopies,
    close: platform.close,
  };
};
