import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { partFolder } from '../../scripts/stack/settings.ts';
import { dataFolder } from '../platform-process.ts';
import { ports } from '../stack/ports.ts';
import { partUnit } from './target.ts';

/** A backup of a store; `restore` puts the store back to where it was, and resolves when it answers. */
export type StoreCopy = { restore(): Promise<void> };

/** Copies the append-only file, of which Redis has written all that it answered. */
const copyRedis = async (): Promise<StoreCopy> => {
  const redis = partUnit('redis');
  const file = join(partFolder('redis'), 'appendonlydir');
  const copy = join(dataFolder(), 'appendonlydir');
  cpSync(file, copy, { recursive: true });
  return {
    restore: async () => {
      await redis.end('SIGKILL');
      rmSync(file, { recursive: true });
      cpSync(copy, file, { recursive: true });
      await redis.start();
    },
  };
};

/** Where Redis stands now in its append-only file; what it writes from here on can be lost. */
export const loseWhatRedisWritesNow = (): StoreCopy => {
  const folder = join(partFolder('redis'), 'appendonlydir');
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof')) as string);
  const { size } = statSync(file);
  return {
    restore: async () => {
      const redis = partUnit('redis');
      await redis.end('SIGKILL');
      truncateSync(file, size);
      await redis.start();
    },
  };
};

/** Copies the table; a restored dump is the same rows, their ETags included. */
const copyMysql = async (): Promise<StoreCopy> => {
  const run = async (...statements: string[]) => {
    const user = { user: 'connection-mandates', password: 'connection-mandates' };
    const connection = await createConnection({
      host: '127.0.0.1',
      port: ports.mysql,
      database: 'statestore',
      ...user,
    });
    for (const statement of statements) await connection.query(statement);
    await connection.end();
  };
  await run('DROP TABLE IF EXISTS copy_of_state', 'CREATE TABLE copy_of_state AS SELECT * FROM state');
  return {
    restore: () =>
      run('START TRANSACTION', 'DELETE FROM state', 'INSERT INTO state SELECT * FROM copy_of_state', 'COMMIT'),
  };
};

/** By the name of the Dapr component. */
export const copyStore = (view: string): Promise<StoreCopy> => (view === 'statestore' ? copyRedis() : copyMysql());
