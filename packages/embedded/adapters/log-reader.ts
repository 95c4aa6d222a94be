import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SqliteDatabase } from '../../database/sqlite.ts';
import { findTopic, type Topic } from '../../projections/event-bus.ts';
import type { LogReader, PartitionRange } from '../../projections/log-reader.ts';
import { asRecord, createLogTables, type Row, recordColumns } from './event-log.ts';

const batchSize = 1_000;

/** The log of the embedded event bus; other processes may publish to it meanwhile. */
export const embeddedLogReader = (database: SqliteDatabase, topics: readonly Topic[]): LogReader => {
  createLogTables(database);
  const range = database.prepare(
    `SELECT coalesce(min("offset"), 0) AS "begin", coalesce(max("offset"), -1) + 1 AS "end" FROM record
     WHERE topic = ? AND partition = ?`,
  );
  const select = database.prepare(
    `SELECT ${recordColumns} FROM record
     WHERE topic = ? AND partition = ? AND "offset" >= ? AND "offset" < ? ORDER BY "offset" LIMIT ?`,
  );
  const highest = database.prepare('SELECT coalesce(max(partition), -1) AS partition FROM record WHERE topic = ?');
  /** How many partitions have ever had a record. */
  const written = (topic: string) => (highest.all(topic)[0] as { partition: number }).partition + 1;
  const rows = (topic: string, partition: number, begin: number, end: number) =>
    (select.all(topic, partition, begin, end, batchSize) as Row[]).map((row) => asRecord(topic, row));

  return {
    offsets: async (topic) =>
      Array.from({ length: Math.max(findTopic(topics, topic).partitions, written(topic)) }, (_, partition) => ({
        partition,
        ...(range.all(topic, partition)[0] as { begin: number; end: number }),
      })),

    read: async (topic, ranges, handle, signal) => {
      const readPartition = async ({ partition, begin, end }: PartitionRange) => {
        for (let next = begin; next < end; ) {
          const records = rows(topic, partition, next, end);
          next = records.length < batchSize ? end : (records.at(-1)?.offset as number) + 1;
          await handle({ partition, records, next });
          await nextTurn();
          signal?.throwIfAborted();
        }
      };
      await Promise.all(ranges.map(readPartition));
    },
  };
};
