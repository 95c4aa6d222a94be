import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SqliteDatabase } from '../../database/sqlite.ts';
import { findTopic, type Topic } from '../../projections/event-bus.ts';
import type { LogReader, PartitionRange } from '../../projections/log-reader.ts';
import { createLogTables, type Row, recordColumns, toRecord } from './event-log.ts';

const batchSize = 1_000;

/** A reader of the embedded event bus's log, to which other processes may publish at the same time. */
export const createEmbeddedLogReader = (database: SqliteDatabase, topics: readonly Topic[]): LogReader => {
  createLogTables(database);
  const selectRange = database.prepare(
    `SELECT coalesce(min("offset"), 0) AS "begin", coalesce(max("offset"), -1) + 1 AS "end" FROM record
     WHERE topic = ? AND partition = ?`,
  );
  const selectRecords = database.prepare(
    `SELECT ${recordColumns} FROM record
     WHERE topic = ? AND partition = ? AND "offset" >= ? AND "offset" < ? ORDER BY "offset" LIMIT ?`,
  );
  const selectHighestPartition = database.prepare(
    'SELECT coalesce(max(partition), -1) AS partition FROM record WHERE topic = ?',
  );
  /** The number of partitions that have had a record, which may exceed the declared number. */
  const countPartitions = (topic: string) =>
    (selectHighestPartition.all(topic)[0] as { partition: number }).partition + 1;
  const readRecords = (topic: string, partition: number, begin: number, end: number) =>
    (selectRecords.all(topic, partition, begin, end, batchSize) as Row[]).map((row) => toRecord(topic, row));

  return {
    offsets: async (topic) => {
      const { partitions, compaction } = findTopic(topics, topic);
      return Array.from({ length: Math.max(partitions, countPartitions(topic)) }, (_, partition) => {
        const range = selectRange.all(topic, partition)[0] as { begin: number; end: number };
        // Compaction may remove the first records, which does not truncate the log.
        return { partition, ...range, ...(compaction && { begin: 0 }) };
      });
    },

    read: async (topic, ranges, handle, signal) => {
      const readPartition = async ({ partition, begin, end }: PartitionRange) => {
        for (let next = begin; next < end; ) {
          const records = readRecords(topic, partition, next, end);
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
