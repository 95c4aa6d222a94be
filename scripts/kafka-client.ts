import kafkajs, { type Admin } from 'kafkajs';

export const kafkaBrokers = (env: NodeJS.ProcessEnv): string[] => (env.KAFKA_BROKERS || 'localhost:9092').split(',');

export const kafkaClient = (brokers: string[], { retries = 5 } = {}) =>
  new kafkajs.Kafka({
    brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { retries },
  });

/** Works with an admin client of Kafka. @throws Error that says what to do when no broker answers */
export const withAdmin = async <T>(
  brokers: string[],
  work: (admin: Admin) => Promise<T>,
  { retries = 2 } = {},
): Promise<T> => {
  const admin = kafkaClient(brokers, { retries }).admin();
  await admin.connect().catch(() => {
    throw new Error(`No Kafka answers at ${brokers.join(', ')}: npm run stack -- up kafka, or set KAFKA_BROKERS.`);
  });
  return work(admin).finally(() => admin.disconnect());
};
