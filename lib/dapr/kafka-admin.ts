import { type Admin, Kafka, logLevel } from 'kafkajs';

/** Asks Kafka what Dapr cannot tell; soon or not at all. @throws Error that names the brokers when none answers */
export const withKafkaAdmin = async <T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> => {
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect().catch((error: Error) => {
      throw new Error(`Kafka does not answer at ${brokers.join(', ')} (KAFKA_BROKERS): ${error.message}`);
    });
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};
