import { randomUUID } from 'node:crypto';
import type { Admin } from 'kafkajs';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { createClient } from 'redis';
import { topics } from '../../contracts/topics.ts';
import { createKafkaClient, withAdmin } from '../../packages/kafka/client.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { ports } from './ports.ts';
import { startPart } from './stack.ts';

const brokers = [`127.0.0.1:${ports.kafka}`];
export const kafka = () => createKafkaClient(brokers);
export const asAdmin = <T>(work: (admin: Admin) => Promise<T>): Promise<T> => withAdmin(brokers, work, { retries: 5 });

/** Empty topics, and with them no committed offsets, and empty stores: as on the first day. No service may run meanwhile. */
export const freshStack = async ({ keepStores = false } = {}): Promise<void> => {
  await Promise.all((['kafka', 'redis', 'mysql'] as const).map((name) => startPart(name)));
  await Promise.all([freshTopics(), ...(keepStores ? [] : [clearRedis(), freshMysql()])]);
  await startPart('kafka');
};

/** How many records the topic holds. */
export const endOffsets = async (topic: string): Promise<number> => {
  const offsets = await asAdmin((admin) => admin.fetchTopicOffsets(topic));
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
};

export type TopicRecord = { key: string; value: string; partition: number; headers: Record<string, string> };

/** Everything that is in the topic now. */
export const recordsOf = async (topic: string): Promise<TopicRecord[]> => {
  const many = await endOffsets(topic);
  const records: TopicRecord[] = [];
  const consumer = kafka().consumer({ groupId: randomUUID() });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      records.push({
        partition,
        key: String(message.key ?? ''),
        value: String(message.value),
        headers: Object.fromEntries(headers),
      });
    },
  });
  const allRead = await waitUntil(20, () => records.length >= many);
  await consumer.disconnect();
  if (!allRead) throw new Error(`${topic} holds ${many} records, of which ${records.length} could be read`);
  return records;
};

const freshTopics = () =>
  asAdmin(async (admin) => {
    const names: string[] = Object.values(topics).map(({ name }) => name);
    const present = await admin.listTopics();
    await admin.deleteTopics({ topics: names.filter((name) => present.includes(name)) });
    const gone = async () => (await admin.listTopics()).every((name) => !names.includes(name));
    if (!(await waitUntil(20, gone))) throw new Error(`Kafka does not delete ${names.join(', ')}`);
    // What a group has committed can outlive its topic: the next one would be read from there. A killed member has to expire.
    const noGroups = async () => {
      // Fails while the broker that has just started is loading its groups; the list would only be short.
      await admin.fetchOffsets({ groupId: 'iot-platform-consumer' });
      const { groups } = await admin.listGroups();
      await admin.deleteGroups(groups.map(({ groupId }) => groupId)).catch(() => undefined);
      // A group with a random id in its name is never used again; that of a killed log reader has a member for minutes.
      return (await admin.listGroups()).groups.every(({ groupId }) => /[0-9a-f]{8}-[0-9a-f-]{27}/.test(groupId));
    };
    if (!(await waitUntil(30, () => noGroups().catch(() => false))))
      throw new Error('Kafka does not delete the consumer groups');
  });

/** Works with a client of the tests' Redis. */
export const redis = async <T>(work: (client: RedisClient) => Promise<T>): Promise<T> => {
  const client = await openRedis();
  return work(client).finally(() => client.destroy());
};

const openRedis = () => createClient({ url: `redis://127.0.0.1:${ports.redis}` }).connect();
type RedisClient = Awaited<ReturnType<typeof openRedis>>;

export const clearRedis = () => redis((client) => client.flushAll());

export const redisKeys = (pattern: string): Promise<string[]> => redis((client) => client.keys(pattern));

const freshMysql = () => emptyDatabase('statestore', 'utf8mb4_bin');

/** @returns its address; its default is to take `a`, `A` and `ä` for one, as a server's may be */
export const emptyCrmDatabase = async () => {
  await emptyDatabase('crm', 'utf8mb4_general_ci');
  return crmAddress;
};

const crmAddress = `mysql://connection-mandates:connection-mandates@127.0.0.1:${ports.mysql}/crm` as const;
type CrmAddress = typeof crmAddress;

/** The same address; the tables stay and lose their rows, which is far faster than to migrate an empty database. */
export const emptyCrmTables = async (): Promise<CrmAddress> => {
  await asMysql(async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'crm' AND table_name NOT LIKE 'kysely%'",
    );
    await connection.query('SET foreign_key_checks = 0');
    for (const { name } of rows) await connection.query(`TRUNCATE TABLE crm.${name}`);
  });
  return crmAddress;
};

/** Every column of the CRM's tables, to see whether they are as they were. */
export const crmColumns = (): Promise<string> =>
  asMysql(async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = 'crm' ORDER BY 1, 2",
    );
    return JSON.stringify(rows);
  });

const emptyDatabase = (name: string, collation: string) =>
  asMysql(async (connection) => {
    await connection.query(`DROP DATABASE IF EXISTS ${name}`);
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE ${collation}`);
  });

const asMysql = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
  const user = { user: 'connection-mandates', password: 'connection-mandates' };
  const connection = await createConnection({ host: '127.0.0.1', port: ports.mysql, ...user });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
};
