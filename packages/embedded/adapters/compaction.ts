import type { SqliteDatabase } from '../../database/sqlite.ts';
import type { Topic } from '../../projections/event-bus.ts';

/**
 * Creates what the compaction of the log needs: an index of the keys of each compacted topic, so that a tombstone finds
 * the earlier records of its key, and a table with one row while removed records have to be purged from the file.
 */
export const createCompactionTables = (database: SqliteDatabase, topics: readonly Topic[]): void => {
  database.exec(
    'CREATE TABLE IF NOT EXISTS due_purge (id INTEGER PRIMARY KEY CHECK (id = 1), requests INTEGER NOT NULL)',
  );
  for (const { name } of topics.filter(({ compaction }) => compaction))
    database.exec(`CREATE INDEX IF NOT EXISTS "record_key_${name}" ON record (key) WHERE topic = '${name}'`);
};

/**
 * Returns a function that removes all records of a key. Call it in a transaction: the request to purge the bytes of the
 * records is stored with their removal, so that a killed process does not forget it.
 */
export const openCompaction = (database: SqliteDatabase, { name }: Topic): ((key: string) => void) => {
  // SQLite uses a partial index only if the statement repeats its condition as a literal.
  const remove = database.prepare(
    `DELETE FROM record WHERE topic = '${name}' AND key = ? RETURNING length(value) AS valueLength`,
  );
  const requestPurge = database.prepare(
    'INSERT INTO due_purge VALUES (1, 1) ON CONFLICT DO UPDATE SET requests = requests + 1',
  );
  return (key) => {
    const removed = remove.all(key) as { valueLength: number }[];
    if (removed.some(({ valueLength }) => valueLength > 0)) requestPurge.run();
  };
};
