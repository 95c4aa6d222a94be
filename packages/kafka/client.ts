import kafkajs, { type Admin } from 'kafkajs';

/** The addresses in KAFKA_BROKERS. Default: localhost:9092. */
export const parseKafkaBrokers = (env: Readonly<Record<string, string | undefined>>): string[] =>
  (env.KAFKA_BROKERS || 'localhost:9092').split(',');

/** `requestTimeout` in milliseconds. */
export type RequestLimits = { readonly retries?: number; readonly requestTimeout?: number };

/** For checks that a service repeats: a response within seconds, or an error. */
export const serviceLimits: RequestLimits = { retries: 0, requestTimeout: 2_000 };

/** Creates a client that connects on demand. Defaults: 5 retries, 10 seconds per request. */
export const createKafkaClient = (
  brokers: readonly string[],
  { retries = 5, requestTimeout = 10_000 }: RequestLimits = {},
) =>
  new kafkajs.Kafka({
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout,
    retry: { retries },
  });

/** Connects a Kafka admin client (default: 2 retries). @throws Error with the remedy when no broker answers */
export const connectAdmin = async (
  brokers: readonly string[],
  { retries = 2, ...limits }: RequestLimits = {},
): Promise<Admin> => {
  const admin = withReadUncommitted(createKafkaClient(brokers, { retries, ...limits })).admin();
  try {
    await admin.connect();
    return admin;
  } catch (error) {
    await admin.disconnect();
    throw new Error(
      `Kafka does not answer at ${brokers.join(', ')}: npm run stack -- up kafka, or set KAFKA_BROKERS (${(error as Error).message})`,
    );
  }
};

/** Runs `work` with a Kafka admin client of its own (default: 2 retries). @throws Error with the remedy when no broker answers */
export const withAdmin = async <T>(
  brokers: readonly string[],
  work: (admin: Admin) => Promise<T>,
  limits?: RequestLimits,
): Promise<T> => {
  const admin = await connectAdmin(brokers, limits);
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

/** Runs work that only reads with an admin client, which it must not keep. */
export type UseAdmin = <T>(work: (admin: Admin) => Promise<T>) => Promise<T>;

/** Opens a connection for each call, as commands do. */
export const useNewAdmin =
  (brokers: readonly string[], limits?: RequestLimits): UseAdmin =>
  (work) =>
    withAdmin(brokers, work, limits);

const readUncommittedLevel = 0;

/**
 * Makes an admin client report the end offset of a log like our consumers see it (read uncommitted). By default kafkajs reports
 * the start of the oldest open transaction, although later records are already delivered. It has no option for this.
 */
const withReadUncommitted = (client: kafkajs.Kafka): kafkajs.Kafka => {
  const internals = client as unknown as Record<symbol, (options: object) => unknown>;
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) => description?.endsWith('createCluster'));
  const createCluster = symbol && internals[symbol];
  if (!createCluster)
    throw new Error('this version of kafkajs has no createCluster to override for reading uncommitted records');
  internals[symbol] = (options) => createCluster({ ...options, isolationLevel: readUncommittedLevel });
  return client;
};
