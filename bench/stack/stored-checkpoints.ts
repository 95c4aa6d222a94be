import { createConnection } from 'mysql2/promise';
import { createClient } from 'redis';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import { asCheckpointDocument, checkpointKey } from '../../packages/projections/generations/checkpoint-document.ts';
import { mysqlAccess, redisUrl } from './stores.ts';

/** Reads how many events the first generation of the view has applied. It asks the store, so that it costs the service nothing. */
type AppliedReader = { read(): Promise<number>; close(): Promise<void> };

const { topic } = mandates;
const keys = Array.from(
  { length: topic.partitions },
  (_, partition) => `iot-platform||${checkpointKey(mandates.name, topic.name, partition)}`,
);

/** The number of applied events by the checkpoint documents of the partitions; a partition without a document has none. */
export const countApplied = (checkpoints: readonly unknown[]): number =>
  checkpoints.reduce<number>(
    (sum, value) => sum + (asCheckpointDocument(value ?? undefined)?.generations[1]?.applied ?? -1) + 1,
    0,
  );

const openRedisReader = async (): Promise<AppliedReader> => {
  const client = await createClient({ url: redisUrl }).connect();
  return {
    read: async () => {
      const held = await Promise.all(keys.map((key) => client.hGet(key, 'data')));
      return countApplied(held.map((text) => (text ? JSON.parse(text) : undefined)));
    },
    close: async () => client.destroy(),
  };
};

const openMysqlReader = async (): Promise<AppliedReader> => {
  const connection = await createConnection(mysqlAccess);
  return {
    // The sidecar creates the table at its start.
    read: async () => {
      const [rows] = await connection
        .query('SELECT value FROM statestore.state WHERE id IN (?)', [keys])
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ER_NO_SUCH_TABLE') return [[]];
          throw error;
        });
      return countApplied((rows as { value: unknown }[]).map(({ value }) => value));
    },
    close: () => connection.end(),
  };
};

export const openAppliedReader = { redis: openRedisReader, mysql: openMysqlReader };
