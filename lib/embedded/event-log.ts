import type { SqliteDatabase } from '../database/sqlite.ts';
import type { DeliveredRecord, OutgoingEvent, Topic } from '../event-bus.ts';

type Row = { partition: number; offset: number; key: string; timestamp: number; value: string };

/** The records of all topics, and how far each consumer group has followed each partition. */
export const createLogTables = (database: SqliteDatabase): void => {
  database.exec(`
    CREATE TABLE IF NOT EXISTS record (
      topic TEXT, partition INTEGER, "offset" INTEGER, key TEXT, timestamp INTEGER, value TEXT,
      PRIMARY KEY (topic, partition, "offset")
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS committed_offset (
      consumer_group TEXT, topic TEXT, partition INTEGER, next_offset INTEGER,
      PRIMARY KEY (consumer_group, topic, partition)
    ) WITHOUT ROWID;`);
};

/** The log as one consumer group sees it. */
export const eventLog = (database: SqliteDatabase, consumerGroup: string, now: () => number) => {
  createLogTables(database);
  const endOffset = database.prepare(
    'SELECT coalesce(max("offset"), -1) + 1 AS "end" FROM record WHERE topic = ? AND partition = ?',
  );
  const insert = database.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)');
  const read = database.prepare(
    `SELECT partition, "offset", key, timestamp, value FROM record
     WHERE topic = @topic AND partition = @partition AND "offset" >= coalesce((SELECT next_offset FROM committed_offset
       WHERE consumer_group = @consumerGroup AND topic = @topic AND partition = @partition), 0)
     ORDER BY "offset" LIMIT @limit`,
  );
  const write = database.prepare(
    `INSERT INTO committed_offset VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET next_offset = max(next_offset, excluded.next_offset)`,
  );
  const readCommitted = database.prepare(
    'SELECT partition, next_offset AS next FROM committed_offset WHERE consumer_group = ? AND topic = ?',
  );

  const endOf = (topic: string, partition: number) => (endOffset.all(topic, partition) as [{ end: number }])[0].end;

  return {
    append: database.transaction(({ name, partitions }: Topic, events: readonly OutgoingEvent[]) => {
      const timestamp = now();
      for (const { key, value } of events) {
        const partition = fnv1a(key) % partitions;
        insert.run(name, partition, endOf(name, partition), key, timestamp, value);
      }
    }).immediate,

    /** What the group has not committed yet, up to `limit` records shared evenly by the partitions. */
    pending: ({ name: topic, partitions }: Topic, limit: number): DeliveredRecord[] =>
      Array.from({ length: partitions }, (_, partition) =>
        read.all({ topic, partition, consumerGroup, limit: Math.ceil(limit / partitions) }),
      )
        .flat()
        .map((row) => ({ ...(row as Row), topic, value: Buffer.from((row as Row).value) })),

    commit: ({ topic, partition, offset }: DeliveredRecord) => {
      write.run(consumerGroup, topic, partition, (offset as number) + 1);
    },

    ends: ({ name, partitions }: Topic): Map<number, number> =>
      new Map(Array.from({ length: partitions }, (_, partition) => [partition, endOf(name, partition)])),

    /** By partition the offset behind what the group has committed. */
    committed: (topic: string): Map<number, number> => {
      const rows = readCommitted.all(consumerGroup, topic) as { partition: number; next: number }[];
      return new Map(rows.map(({ partition, next }) => [partition, next]));
    },
  };
};

/** Fowler-Noll-Vo: spreads keys evenly over partitions. */
const fnv1a = (text: string) => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
};
