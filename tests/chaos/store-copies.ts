import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { partFolder } from '../../scripts/stack/settings.ts';
import { dataFolder } from '../platform-process.ts';
import { ports } from '../stack/ports.ts';
import { createServerTarget } from './target.ts';

/** A copy of a store; `restore` replaces the store by the copy, and resolves when the store answers. */
export type StoreCopy = { restore(): Promise<void> };

/** Copies the append-only file, to which Redis has written every answered command. */
const copyRedis = async (): Promise<StoreCopy> => {
  const redis = createServerTarget('redis');
  const file = join(partFolder('redis'), 'appendonlydir');
  const copy = join(dataFolder(), 'appendonlydir');
  cpSync(file, copy, { recursive: true });
  return {
    restore: async () => {
      await redis.stop('SIGKILL');
      rmSync(file, { recursive: true });
      cpSync(copy, file, { recursive: true });
      await redis.start();
    },
  };
};

/** Remembers the current size of Redis's append-only file; `restore` loses all later writes. */
export const markRedisPosition = (): StoreCopy => {
  const folder = join(partFolder('redis'), 'appendonlydir');
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof')) as string);
  const { size } = statSync(file);
  return {
    restore: async () => {
      const redis = createServerTarget('redis');
      await redis.stop('SIGKILL');
      truncateSync(file, size);
      await redis.start();
    },
  };
};

/** Copies the table with all rows and their ETags. */
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

/** Copies the store of a Dapr component. */
export const copyStore = (view: string): Promise<StoreCopy> => (view === 'statestore' ? copyRedis() : copyMysql());
