import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Admin, ITopicConfig } from 'kafkajs';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { createClient } from 'redis';
import { brokerTopics } from '../../contracts/topics.ts';
import { createKafkaClient, withAdmin } from '../../packages/kafka/client.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { eventually } from '../eventually.ts';
import { root } from '../platform-process.ts';
import { ports, stackEnvironment } from './ports.ts';
import { startPart } from './stack.ts';

const brokers = [`127.0.0.1:${ports.kafka}`];
/** With many retries: a broker on a busy machine is slow with its first transactions. */
export const createTestKafkaClient = () => createKafkaClient(brokers, { retries: 15, requestTimeout: 30_000 });
export const withKafkaAdmin = <T>(work: (admin: Admin) => Promise<T>): Promise<T> =>
  withAdmin(brokers, work, { retries: 5 });

/** Creates a topic and waits until its partitions have leaders. The wait of kafkajs fails while the broker does not know the topic yet. */
export const createTopic = (config: ITopicConfig): Promise<void> =>
  withKafkaAdmin(async (admin) => {
    await admin.createTopics({ waitForLeaders: false, topics: [config] });
    await eventually(() => admin.fetchTopicOffsets(config.topic));
  });

/** Empties topics, committed offsets and stores. No service may run meanwhile. */
export const resetStack = async ({ keepStores = false } = {}): Promise<void> => {
  // The view database of npm run lab.
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(root, stackEnvironment.STACK_DIR, `customer-view.sqlite${suffix}`), { force: true });
  await Promise.all((['kafka', 'redis', 'mysql'] as const).map((name) => startPart(name)));
  await Promise.all([resetTopics(), ...(keepStores ? [] : [clearRedis(), resetMysql()])]);
  await startPart('kafka');
};

/** The number of records in the topic. */
export const countRecords = async (topic: string): Promise<number> => {
  const offsets = await withKafkaAdmin((admin) => admin.fetchTopicOffsets(topic));
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
};

export type TopicRecord = { key: string; value: string; partition: number; headers: Record<string, string> };

/** Reads all records that the topic has now. */
export const readRecords = async (topic: string): Promise<TopicRecord[]> => {
  const count = await countRecords(topic);
  if (count === 0) return [];
  const records: TopicRecord[] = [];
  const consumer = createTestKafkaClient().consumer({ groupId: randomUUID() });
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
  const allRead = await waitUntil(20, () => records.length >= count);
  await consumer.disconnect();
  if (!allRead) throw new Error(`${topic} has ${count} records, of which ${records.length} were read`);
  return records;
};

const resetTopics = () =>
  withKafkaAdmin(async (admin) => {
    const names: string[] = brokerTopics.map(({ name }) => name);
    const present = await admin.listTopics();
    await admin.deleteTopics({ topics: names.filter((name) => present.includes(name)) });
    const areDeleted = async () => (await admin.listTopics()).every((name) => !names.includes(name));
    if (!(await waitUntil(20, areDeleted))) throw new Error(`Kafka does not delete ${names.join(', ')}`);
    // Committed offsets can survive the deletion of their topic and would apply to the new one, so all groups are deleted. A group
    // with a killed member can be deleted after the session timeout only.
    const noGroups = async () => {
      // This request fails while a starting broker loads its groups; listGroups would return an incomplete list.
      await admin.fetchOffsets({ groupId: 'iot-platform-consumer' });
      const { groups } = await admin.listGroups();
      await admin.deleteGroups(groups.map(({ groupId }) => groupId)).catch(() => undefined);
      // Groups with a random id are never used again. The group of a killed log reader keeps its member for minutes.
      return (await admin.listGroups()).groups.every(({ groupId }) => /[0-9a-f]{8}-[0-9a-f-]{27}/.test(groupId));
    };
    if (!(await waitUntil(30, () => noGroups().catch(() => false))))
      throw new Error('Kafka does not delete the consumer groups');
  });

/** Runs `work` with a client of the tests' Redis. */
export const withRedis = async <T>(work: (client: RedisClient) => Promise<T>): Promise<T> => {
  const client = await openRedis();
  return work(client).finally(() => client.destroy());
};

const openRedis = () => createClient({ url: `redis://127.0.0.1:${ports.redis}` }).connect();
type RedisClient = Awaited<ReturnType<typeof openRedis>>;

export const clearRedis = () => withRedis((client) => client.flushAll());

export const findRedisKeys = (pattern: string): Promise<string[]> => withRedis((client) => client.keys(pattern));

const resetMysql = () => emptyDatabase('statestore', 'utf8mb4_bin');

/** Creates an empty database, whose collation treats `a`, `A` and `ä` as equal, as a server's default may. @returns its URL */
export const emptyCrmDatabase = async () => {
  await emptyDatabase('crm', 'utf8mb4_general_ci');
  return crmAddress;
};

const crmAddress = `mysql://connection-mandates:connection-mandates@127.0.0.1:${ports.mysql}/crm` as const;
type CrmAddress = typeof crmAddress;

/** Creates an empty database for the customer-view. @returns its URL */
export const emptyViewDatabase = async () => {
  await emptyDatabase('customer_view', 'utf8mb4_bin');
  return `mysql://connection-mandates:connection-mandates@127.0.0.1:${ports.mysql}/customer_view` as const;
};

/** Reads all rows of the tables of the customer-view as one text. */
export const readViewRows = (): Promise<string> =>
  withMysql(async (connection) => {
    const [tables] = await connection.query<RowDataPacket[]>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'customer_view'",
    );
    const contents = [];
    for (const { name } of tables) contents.push((await connection.query(`SELECT * FROM customer_view.${name}`))[0]);
    return JSON.stringify(contents);
  });

/**
 * Empties the tables, which is much faster than to migrate an empty database. A table without rows is left as it is, unless it
 * numbers its rows. @returns the URL
 */
export const emptyCrmTables = async (): Promise<CrmAddress> => {
  await withMysql(async (connection) => {
    const [tables] = await connection.query<RowDataPacket[]>(
      "SELECT table_name AS name, auto_increment AS next FROM information_schema.tables WHERE table_schema = 'crm' AND table_name NOT LIKE 'kysely%'",
    );
    const questions = tables.map(({ name }) => `SELECT '${name}' AS name WHERE EXISTS (SELECT 1 FROM crm.${name})`);
    const [filled] = await connection.query<RowDataPacket[]>(questions.join(' UNION ALL '));
    const toEmpty = tables.filter(({ name, next }) => next !== null || filled.some((table) => table.name === name));
    await connection.query('SET foreign_key_checks = 0');
    for (const { name } of toEmpty) await connection.query(`TRUNCATE TABLE crm.${name}`);
  });
  return crmAddress;
};

/** Reads all columns of the CRM's tables as one text that can be compared. */
export const readCrmColumns = (): Promise<string> =>
  withMysql(async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = 'crm' ORDER BY 1, 2",
    );
    return JSON.stringify(rows);
  });

const emptyDatabase = (name: string, collation: string) =>
  withMysql(async (connection) => {
    await connection.query(`DROP DATABASE IF EXISTS ${name}`);
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE ${collation}`);
  });

export const withMysql = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
  const user = { user: 'connection-mandates', password: 'connection-mandates' };
  const connection = await createConnection({ host: '127.0.0.1', port: ports.mysql, ...user });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
};
