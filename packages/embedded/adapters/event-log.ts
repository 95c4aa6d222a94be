import type { SqliteDatabase } from '../../database/sqlite.ts';
import {
  type DeliveredRecord,
  isTombstone,
  type OutgoingEvent,
  parseReplayOfHeader,
  type RecordCopy,
  type Topic,
} from '../../projections/event-bus.ts';
import { createCompactionTables, openCompaction } from './compaction.ts';

export type Row = {
  partition: number;
  offset: number;
  key: string;
  timestamp: number;
  /** A blob, which libsql reads as an ArrayBuffer; text if an older version wrote it. */
  value: ArrayBuffer | string;
  replayOf: string | null;
};

/** Creates the tables for the records of all topics and the committed offsets of all consumer groups. */
export const createLogTables = (database: SqliteDatabase, topics: readonly Topic[] = []): void => {
  database.exec(`
    CREATE TABLE IF NOT EXISTS record (
      topic TEXT, partition INTEGER, "offset" INTEGER, key TEXT, timestamp INTEGER, value TEXT, replay_of TEXT,
      PRIMARY KEY (topic, partition, "offset")
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS committed_offset (
      consumer_group TEXT, topic TEXT, partition INTEGER, next_offset INTEGER,
      PRIMARY KEY (consumer_group, topic, partition)
    ) WITHOUT ROWID;`);
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all('record') as { name: string }[];
  // A file written before replays existed lacks the column.
  if (!columns.some(({ name }) => name === 'replay_of')) database.exec('ALTER TABLE record ADD COLUMN replay_of TEXT');
  createCompactionTables(database, topics);
};

export const recordColumns = 'partition, "offset", key, timestamp, value, replay_of AS replayOf';

export const toRecord = (
  topic: string,
  { partition, offset, key, timestamp, value, replayOf }: Row,
): DeliveredRecord => {
  const original = parseReplayOfHeader(replayOf ?? undefined, topic, { partition, offset });
  const record = {
    topic,
    partition,
    offset,
    key,
    timestamp,
    value: typeof value === 'string' ? Buffer.from(value) : Buffer.from(value),
  };
  return original ? { ...record, replayOf: original } : record;
};

/** Writes records to the log. */
export const createLogWriter = (database: SqliteDatabase, now: () => number) => {
  createLogTables(database);
  const endOffset = database.prepare(
    'SELECT coalesce(max("offset"), -1) + 1 AS "end" FROM record WHERE topic = ? AND partition = ?',
  );
  const insert = database.prepare(
    'INSERT INTO record (topic, partition, "offset", key, timestamp, value, replay_of) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const readEndOffset = (topic: string, partition: number) =>
    (endOffset.all(topic, partition) as [{ end: number }])[0].end;
  /** Assigns the offsets of one transaction. It reads the end of each partition once, because reading takes longer than writing. */
  const createOffsets = (topic: string) => {
    const ends = new Map<number, number>();
    return (partition: number) => {
      const offset = ends.get(partition) ?? readEndOffset(topic, partition);
      ends.set(partition, offset + 1);
      return offset;
    };
  };

  return {
    /** On a compacted topic a tombstone removes the earlier records of its key. It stays itself, so offsets are not used again. */
    append: database.transaction((topic: Topic, events: readonly OutgoingEvent[]) => {
      const { name, partitions, compaction } = topic;
      const timestamp = now();
      const nextOffset = createOffsets(name);
      const removeRecords = compaction && events.some(isTombstone) ? openCompaction(database, topic) : undefined;
      for (const event of events) {
        const { key, value } = event;
        const partition = fnv1a(key) % partitions;
        const offset = nextOffset(partition);
        if (isTombstone(event)) removeRecords?.(key);
        insert.run(name, partition, offset, key, timestamp, value, null);
      }
    }).immediate,

    /** Appends copies of records. A copy without a partition is appended to the partition of its key. */
    appendCopies: database.transaction(({ name, partitions }: Topic, copies: readonly RecordCopy[]) => {
      for (const { key, value, timestamp, replayOf, partition = fnv1a(key) % partitions } of copies)
        insert.run(name, partition, readEndOffset(name, partition), key, timestamp, value, replayOf);
    }).immediate,
  };
};

/** The committed offsets of one consumer group, and the records after them. */
export const openGroupLog = (database: SqliteDatabase, consumerGroup: string) => {
  createLogTables(database);
  const read = database.prepare(
    `SELECT ${recordColumns} FROM record
     WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?`,
  );
  const write = database.prepare(
    `INSERT INTO committed_offset VALUES (@consumerGroup, @topic, @partition, @next)
     ON CONFLICT DO UPDATE SET next_offset = @next WHERE next_offset = @before`,
  );
  const overwrite = database.prepare(
    `INSERT INTO committed_offset VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
  );
  const readCommitted = database.prepare(
    'SELECT partition, next_offset AS next FROM committed_offset WHERE consumer_group = ? AND topic = ?',
  );

  /** Per partition the committed offset, which is the next offset to read. */
  const committed = (topic: string): Map<number, number> => {
    const rows = readCommitted.all(consumerGroup, topic) as { partition: number; next: number }[];
    return new Map(rows.map(({ partition, next }) => [partition, next]));
  };

  return {
    committed,

    /** Reads up to `limit` uncommitted records, shared evenly by the partitions; `before` are the committed offsets. */
    readUncommitted: ({ name: topic, partitions }: Topic, limit: number) => {
      const before = committed(topic);
      const share = Math.ceil(limit / partitions);
      const rows = Array.from({ length: partitions }, (_, partition) =>
        read.all(topic, partition, before.get(partition) ?? 0, share),
      ).flat() as Row[];
      return { records: rows.map((row) => toRecord(topic, row)), before };
    },

    /**
     * Commits the next offset of each partition, only where the committed one is still that of `before`, so that it does not undo a
     * reset. It does not wait for the disk: after a power cut the records may be delivered again.
     */
    commit: withoutSync(
      database,
      database.transaction((topic: string, nexts: ReadonlyMap<number, number>, before: ReadonlyMap<number, number>) => {
        for (const [partition, next] of nexts)
          write.run({ consumerGroup, topic, partition, next, before: before.get(partition) ?? 0 });
      }).immediate,
    ),

    reset: database.transaction((topic: string, targets: ReadonlyMap<number, number>) => {
      for (const [partition, next] of targets) overwrite.run(consumerGroup, topic, partition, next);
    }).immediate,
  };
};

/** Later commits of other transactions wait for the disk again, and with them this one is on the disk too. */
const withoutSync =
  <Args extends unknown[]>(database: SqliteDatabase, work: (...args: Args) => void) =>
  (...args: Args): void => {
    database.exec('PRAGMA synchronous = NORMAL');
    try {
      work(...args);
    } finally {
      database.exec('PRAGMA synchronous = FULL');
    }
  };

/** The FNV-1a hash, which spreads keys evenly over partitions. It must never change: the records of a key stay in their partition. */
const fnv1a = (text: string) => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
};
