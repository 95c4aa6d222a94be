import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectSidecar } from '../dapr/sidecar.ts';
import { createDaprStateStore } from '../dapr/state-store.ts';
import { embeddedGroups } from '../embedded/consumer-groups.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import { appendCopies } from '../kafka/append.ts';
import { kafkaBrokers, withAdmin } from '../kafka/client.ts';
import { kafkaGroups } from '../kafka/consumer-groups.ts';
import { createKafkaLogReader } from '../kafka/log-reader.ts';
import type { ConsumerGroups } from '../projections/consumer-groups.ts';
import type { Topic } from '../projections/event-bus.ts';
import { type Stores, storesOf } from '../projections/generations/index.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { LogWriter } from '../projections/log-writer.ts';
import { ConfigError } from '../runtime/config-error.ts';
import type { PlatformSettings } from './open-platform.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The service whose log and stores a command works on. */
export type AdaptedService = {
  readonly name: string;
  /** Where its sidecar is unless something else is given. */
  readonly sidecarPort: number;
  readonly topics: readonly Topic[];
  /** @throws ConfigError */
  readConfig(env: Env): PlatformSettings & { readonly stateStoreName: string; readonly pubsub: string };
};

/** A log, in Kafka or in the file of `npm start`. */
export type OpenLog = LogWriter & {
  readonly isEmbedded: boolean;
  readonly log: LogReader;
  readonly groups: ConsumerGroups;
  close(): void;
};

/** The stores of a service and the log that it follows. */
export type OpenStores = {
  readonly stores: Stores;
  /** What the home store is called. */
  readonly home: string;
  readonly log: LogReader;
  close(): void;
};

/**
 * Opens the log. Without `embedded`, `kafka` or KAFKA_BROKERS it takes the one that is there.
 * @throws Error that says what to do when both are there, or the one that was asked for is not
 */
export const openLog = async (
  env: Env,
  service: AdaptedService,
  which: { readonly embedded: boolean; readonly kafka: boolean },
): Promise<OpenLog> => {
  if (which.embedded && which.kafka) throw new ConfigError('Either --embedded or --kafka.');
  const file = embeddedFile(service.readConfig(env));
  if (which.embedded && !existsSync(file))
    throw new ConfigError(`There is no ${file}: npm start makes it, DATA_DIR says where it is.`);
  if (which.embedded || (!which.kafka && (await isEmbeddedAlone(env, service, file)))) {
    const platform = openFile(file, service);
    const { appendCopies: append, close } = platform;
    return { isEmbedded: true, log: platform.logReader(), groups: embeddedGroups(platform), append, close };
  }
  const brokers = kafkaBrokers(env);
  return {
    isEmbedded: false,
    log: createKafkaLogReader(brokers, { newId: randomUUID }),
    groups: kafkaGroups(brokers),
    append: ({ name }, copies) => appendCopies(brokers, name, copies),
    close: () => {},
  };
};

/**
 * Opens what the service uses: its sidecar and Kafka, or the embedded file. Where neither is asked for, the one that is
 * there. @throws ConfigError when there is none, or both, or when the broker's records have no place
 */
export const openStores = async (
  env: Env,
  service: AdaptedService,
  { daprHttpPort, embedded }: { daprHttpPort: number | undefined; embedded: boolean },
): Promise<OpenStores> => {
  const config = service.readConfig(env);
  const { sidecarPort } = service;
  const file = embeddedFile(config);
  const named = daprHttpPort ?? config.dapr?.sidecarPort;
  if (embedded || (named === undefined && !(await isSidecarOn(sidecarPort, env)))) {
    if (existsSync(file)) {
      const platform = openFile(file, service);
      const home = config.stateStoreName;
      const stores = storesOf({ store: platform.stateStore(home), secondaryStore: platform.stateStore });
      return { stores, home, log: platform.logReader(), close: platform.close };
    }
    throw new ConfigError(
      `There is no ${file}${embedded ? '' : `, and no sidecar answers on port ${sidecarPort}`}. Start the platform with npm start ` +
        'or npm run lab, or say where it is: DATA_DIR, --dapr-http-port.',
    );
  }
  if (named === undefined && existsSync(file))
    throw new ConfigError(
      `Which view? A sidecar answers on port ${sidecarPort}, and there is ${file}: --dapr-http-port ${sidecarPort}, or --embedded.`,
    );
  return openSidecar(env, service, { ...config, port: named ?? sidecarPort });
};

/** The value of --dapr-http-port. @throws ConfigError when it is no port */
export const readSidecarPort = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value)) throw new ConfigError(`--dapr-http-port ${value} is no port.`);
  return Number(value);
};

const embeddedFile = ({ dataDir }: { dataDir: string }) => join(dataDir, 'platform.sqlite');

const openFile = (file: string, { topics }: AdaptedService) =>
  openEmbeddedPlatform(file, topics, { lockWaitMs: 10_000 });

const isEmbeddedAlone = async (env: Env, { topics }: AdaptedService, file: string): Promise<boolean> => {
  if (env.KAFKA_BROKERS || env.DAPR_HTTP_PORT || !existsSync(file)) return false;
  const [broker] = kafkaBrokers(env);
  const answers = withAdmin([broker as string], async (admin) => admin.listTopics(), { retries: 0 });
  const isKafkaThere = await answers.then(
    (names) => topics.some(({ name }) => names.includes(name)),
    () => false,
  );
  if (isKafkaThere)
    throw new ConfigError(`Which log? Kafka answers at ${broker}, and there is ${file}: --kafka, or --embedded.`);
  return true;
};

const sidecarOn = (port: number, env: Env) => connectSidecar({ port, token: env.DAPR_API_TOKEN });

const isSidecarOn = async (port: number, env: Env): Promise<boolean> => {
  const sidecar = sidecarOn(port, env);
  const metadata = await sidecar.metadata().catch((error: Error) => error);
  sidecar.close();
  // One that asks for a token answers as well.
  return !(metadata instanceof Error) || metadata instanceof ConfigError;
};

const openSidecar = async (
  env: Env,
  { name: service }: AdaptedService,
  { stateStoreName: home, pubsub, port }: { stateStoreName: string; pubsub: string; port: number },
): Promise<OpenStores> => {
  const sidecar = sidecarOn(port, env);
  const { id, components } = await sidecar.metadata().catch((error: Error) => {
    sidecar.close();
    // Its message says what to do already.
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${error.message}. Start the ${service} (npm run lab), or name its sidecar: --dapr-http-port.`,
    );
  });
  const type = components.find(({ name }) => name === pubsub)?.type;
  if (type !== 'pubsub.kafka') {
    sidecar.close();
    throw new ConfigError(
      type === undefined
        ? `The sidecar on port ${port} is that of ${id}, without the component ${pubsub}: name the one of the ${service}.`
        : `The records of ${type} have no place, so no rebuild can tell how far it is: only those of pubsub.kafka have.`,
    );
  }
  const open = (name: string) => createDaprStateStore(sidecar, name, randomUUID);
  const stores = storesOf({ store: open(home), secondaryStore: open });
  return { stores, home, log: createKafkaLogReader(kafkaBrokers(env), { newId: randomUUID }), close: sidecar.close };
};
