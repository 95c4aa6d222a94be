import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedConsumerGroups } from '../embedded/consumer-groups.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import { appendCopies } from '../kafka/append.ts';
import { parseKafkaBrokers, withAdmin } from '../kafka/client.ts';
import { createKafkaConsumerGroups } from '../kafka/consumer-groups.ts';
import { createKafkaLogReader } from '../kafka/log-reader.ts';
import type { ConsumerGroups } from '../projections/consumer-groups.ts';
import type { Topic } from '../projections/event-bus.ts';
import { createStores } from '../projections/generations/index.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { LogWriter } from '../projections/log-writer.ts';
import type { StateStore } from '../projections/state-store.ts';
import { ConfigError } from '../runtime/config-error.ts';
import type { PlatformSettings } from './open-platform.ts';
import { listRunningServices } from './running-services.ts';
import { isSidecarOn, type OpenStores, openSidecarStores } from './sidecar/open-sidecar-stores.ts';

export type { OpenStores } from './sidecar/open-sidecar-stores.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The service whose log and stores a command uses. */
export type CommandTarget = {
  readonly name: string;
  /** Under which it is recorded while it runs. */
  readonly appId: string;
  /** The default HTTP port of its sidecar. */
  readonly sidecarPort: number;
  readonly topics: readonly Topic[];
  /** @throws ConfigError */
  readConfig(env: Env): PlatformSettings & { readonly stateStoreName: string; readonly pubsub: string };
  /**
   * Opens the database that holds the views, which must exist. Without it they are in a state store of the service's sidecar, or in
   * the file of npm start. @throws ConfigError
   */
  readonly openDatabase?: (env: Env) => Promise<{ readonly store: StateStore; close(): Promise<void> }>;
};

/** A log, in Kafka or in the file of `npm start`. */
export type OpenLog = LogWriter & {
  readonly isEmbedded: boolean;
  readonly log: LogReader;
  readonly groups: ConsumerGroups;
  close(): void;
};

/**
 * Opens the log. Without `embedded`, `kafka` or KAFKA_BROKERS it opens the one of the running service, else the one that is available.
 * @throws ConfigError with the remedy when both are available, or the requested one is not
 */
export const openLog = async (
  env: Env,
  service: CommandTarget,
  which: { readonly embedded: boolean; readonly kafka: boolean },
): Promise<OpenLog> => {
  if (which.embedded && which.kafka) throw new ConfigError('Give either --embedded or --kafka, not both.');
  const file = getEmbeddedFile(service.readConfig(env));
  if (which.embedded && !existsSync(file))
    throw new ConfigError(`There is no ${file}: npm start creates it, and DATA_DIR sets its folder.`);
  if (which.embedded || (!which.kafka && (await isOnlyEmbedded(env, service, file)))) {
    const platform = openFile(file, service);
    return {
      isEmbedded: true,
      log: platform.logReader(),
      groups: createEmbeddedConsumerGroups(platform),
      append: platform.operatorLog().append,
      close: platform.close,
    };
  }
  const brokers = parseKafkaBrokers(env);
  return {
    isEmbedded: false,
    log: createKafkaLogReader(brokers, { newId: randomUUID }),
    groups: createKafkaConsumerGroups(brokers),
    append: ({ name }, copies) => appendCopies(brokers, name, copies),
    close: () => {},
  };
};

type WhichStores = { readonly daprHttpPort: number | undefined; readonly embedded: boolean };

/**
 * Opens the adapters of the service: its database and the log, or its sidecar and Kafka, or the embedded file. If none is requested,
 * it opens those of the running service, else what is available. @throws ConfigError when none or several are available, or when the broker has no offsets
 */
export const openStores = async (env: Env, service: CommandTarget, which: WhichStores): Promise<OpenStores> => {
  const { openDatabase } = service;
  if (openDatabase) return openDatabaseAndLog(env, { ...service, openDatabase }, which);
  const config = service.readConfig(env);
  const { sidecarPort } = service;
  const file = getEmbeddedFile(config);
  const requestedPort = which.daprHttpPort ?? config.dapr?.sidecarPort;
  const running = requestedPort === undefined ? findRunning(config, service) : undefined;
  const explicitPort = requestedPort ?? running?.sidecarPort;
  const embedded = which.embedded || (running !== undefined && explicitPort === undefined);
  if (embedded || (explicitPort === undefined && !(await isSidecarOn(sidecarPort, env)))) {
    if (existsSync(file)) {
      const platform = openFile(file, service);
      const primaryStore = config.stateStoreName;
      const stores = createStores({ store: platform.stateStore(primaryStore), secondaryStore: platform.stateStore });
      return { stores, primaryStore, log: platform.logReader(), close: async () => platform.close() };
    }
    throw new ConfigError(
      `There is no ${file}${embedded ? '' : `, and no sidecar answers on port ${sidecarPort}`}. Start the platform with npm start ` +
        'or npm run lab, or set DATA_DIR or --dapr-http-port.',
    );
  }
  if (explicitPort === undefined && existsSync(file))
    throw new ConfigError(
      `A sidecar answers on port ${sidecarPort}, and there is ${file}: choose with --dapr-http-port ${sidecarPort} or --embedded.`,
    );
  const port = explicitPort ?? sidecarPort;
  const sidecars = [config.dapr, findRunning(config, service)];
  const grpcPort = sidecars.find((sidecar) => sidecar?.sidecarPort === port)?.sidecarGrpcPort;
  return openSidecarStores(env, { ...config, service: service.name, port, grpcPort });
};

const openDatabaseAndLog = async (
  env: Env,
  service: CommandTarget & Required<Pick<CommandTarget, 'openDatabase'>>,
  { daprHttpPort, embedded }: WhichStores,
): Promise<OpenStores> => {
  const opened = await openLog(env, service, { embedded, kafka: daprHttpPort !== undefined });
  const database = await service.openDatabase(env).catch((error: unknown) => {
    opened.close();
    throw error;
  });
  return {
    stores: (name) => {
      if (name === undefined) return database.store;
      throw new ConfigError(`The views of the ${service.name} are in its database: there is no state store ${name}.`);
    },
    primaryStore: service.readConfig(env).stateStoreName,
    log: opened.log,
    close: async () => {
      await database.close();
      opened.close();
    },
  };
};

/** The value of --dapr-http-port. @throws ConfigError when it is not a port */
export const readSidecarPort = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value)) throw new ConfigError(`--dapr-http-port ${value} is not a port.`);
  return Number(value);
};

const getEmbeddedFile = ({ dataDir }: { dataDir: string }) => join(dataDir, 'platform.sqlite');

const openFile = (file: string, { topics }: CommandTarget) =>
  openEmbeddedPlatform(file, topics, { lockWaitMs: 10_000 });

/** What the running service uses; undefined if none is recorded, or if its instances differ. */
const findRunning = ({ dataDir }: PlatformSettings, { appId }: CommandTarget) => {
  const own = listRunningServices(dataDir).filter(({ service }) => service === appId);
  return new Set(own.map(({ sidecarPort }) => sidecarPort)).size === 1 ? own[0] : undefined;
};

const isOnlyEmbedded = async (env: Env, service: CommandTarget, file: string): Promise<boolean> => {
  if (env.KAFKA_BROKERS || env.DAPR_HTTP_PORT || !existsSync(file)) return false;
  const running = findRunning(service.readConfig(env), service);
  if (running) return running.sidecarPort === undefined;
  const { topics } = service;
  const [broker] = parseKafkaBrokers(env);
  const listing = withAdmin([broker as string], async (admin) => admin.listTopics(), { retries: 0 });
  const isKafkaRunning = await listing.then(
    (names) => topics.some(({ name }) => names.includes(name)),
    () => false,
  );
  if (isKafkaRunning)
    throw new ConfigError(`Kafka answers at ${broker}, and there is ${file}: choose with --kafka or --embedded.`);
  return true;
};
