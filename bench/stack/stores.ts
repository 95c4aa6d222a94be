import { createConnection } from 'mysql2/promise';
import { createClient } from 'redis';
import { ports } from './ports.ts';

/** The state stores of the benchmark. */
export type StoreName = 'redis' | 'mysql';

export const redisUrl = `redis://127.0.0.1:${ports.redis}`;
const user = 'connection-mandates';
export const mysqlAccess = { host: '127.0.0.1', port: ports.mysql, user, password: user };

const createRedis = () => createClient({ url: redisUrl });

/** Runs `work` with a connection that is closed afterwards. */
export const withRedis = async <T>(work: (client: ReturnType<typeof createRedis>) => Promise<T>): Promise<T> => {
  const client = createRedis();
  await client.connect();
  return work(client).finally(() => client.destroy());
};

/** Runs `work` with a connection that is closed afterwards. */
export const withMysql = async <T>(
  work: (connection: Awaited<ReturnType<typeof createConnection>>) => Promise<T>,
): Promise<T> => {
  const connection = await createConnection(mysqlAccess);
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
};

export const emptyRedis = (): Promise<unknown> => withRedis((client) => client.flushAll());

export const emptyMysql = (): Promise<void> =>
  withMysql(async (connection) => {
    await connection.query('DROP DATABASE IF EXISTS statestore');
    await connection.query('CREATE DATABASE statestore CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  });
