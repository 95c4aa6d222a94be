import type { RowDataPacket } from 'mysql2/promise';
import { closeSqlite, openSqlite } from '../../packages/database/sqlite.ts';
import { withMysql, withRedis } from './fresh.ts';

/** Reads the text that the component state.redis has stored under a key, as `redis-cli hgetall` shows it. */
export const readRedisText = (key: string): Promise<string | null> => withRedis((client) => client.hGet(key, 'data'));

/** Reads the text that the component state.mysql has stored under a key, as SQL shows it. */
export const readMysqlText = (key: string): Promise<string | undefined> =>
  withMysql(async (connection) => {
    const query = 'SELECT CAST(value AS CHAR) AS text FROM statestore.state WHERE id = ?';
    const [rows] = await connection.query<RowDataPacket[]>(query, [key]);
    return rows[0]?.text;
  });

/** Reads the text that the component state.sqlite has stored under a key in a file, as SQL shows it. */
export const readSqliteText = (file: string, key: string): string => {
  const database = openSqlite(file);
  try {
    return (database.prepare('SELECT value FROM state WHERE key = ?').get(key) as { value: string }).value;
  } finally {
    closeSqlite(database);
  }
};
