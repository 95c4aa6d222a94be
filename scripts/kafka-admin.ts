import kafkajs, { type Admin } from 'kafkajs';

/** Works with an admin client of Kafka. @throws Error that says what to do when no broker answers */
export const withAdmin = async <T>(
  brokers: string[],
  work: (admin: Admin) => Promise<T>,
  { retries = 2 } = {},
): Promise<T> => {
  const timeouts = { connectionTimeout: 2_000, requestTimeout: 10_000 };
  const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, ...timeouts, retry: { retries } });
  const admin = kafka.admin();
  await admin.connect().catch(() => {
    throw new Error(`No Kafka answers at ${brokers.join(', ')}: npm run stack -- up kafka, or set KAFKA_BROKERS.`);
  });
  return work(admin).finally(() => admin.disconnect());
};
