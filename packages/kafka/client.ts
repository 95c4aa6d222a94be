import kafkajs, { type Admin } from 'kafkajs';

/** The addresses that KAFKA_BROKERS lists. */
export const kafkaBrokers = (env: Readonly<Record<string, string | undefined>>): string[] =>
  (env.KAFKA_BROKERS || 'localhost:9092').split(',');

/** `requestTimeout` in milliseconds. */
export type AskLimits = { readonly retries?: number; readonly requestTimeout?: number };

/** For a service, which asks again soon: an answer within seconds, or an error. */
export const serviceLimits: AskLimits = { retries: 0, requestTimeout: 2_000 };

export const kafkaClient = (brokers: readonly string[], { retries = 5, requestTimeout = 10_000 }: AskLimits = {}) =>
  new kafkajs.Kafka({
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout,
    retry: { retries },
  });

/** Works with an admin client of Kafka. @throws Error that says what to do when no broker answers */
export const withAdmin = async <T>(
  brokers: readonly string[],
  work: (admin: Admin) => Promise<T>,
  { retries = 2, ...limits }: AskLimits = {},
): Promise<T> => {
  const admin = readUncommitted(kafkaClient(brokers, { retries, ...limits })).admin();
  try {
    await admin.connect().catch((error: Error) => {
      throw new Error(
        `Kafka does not answer at ${brokers.join(', ')}: npm run stack -- up kafka, or set KAFKA_BROKERS (${error.message})`,
      );
    });
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

const uncommitted = 0;

/**
 * Has an admin client take a log's end for where its last record is, as our consumers do. By default kafkajs takes the end for
 * where the oldest open transaction begins, and records behind that are delivered already. It has no option for this.
 */
const readUncommitted = (client: kafkajs.Kafka): kafkajs.Kafka => {
  const internals = client as unknown as Record<symbol, (options: object) => unknown>;
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) => description?.endsWith('createCluster'));
  const createCluster = symbol && internals[symbol];
  if (!createCluster) throw new Error('this version of kafkajs cannot be told to read uncommitted records');
  internals[symbol] = (options) => createCluster({ ...options, isolationLevel: uncommitted });
  return client;
};
