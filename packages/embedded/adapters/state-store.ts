import { retryBusy } from '../../database/retry-busy.ts';
import type { SqliteDatabase } from '../../database/sqlite.ts';
import { StateConflict, type StateStore, type Upsert } from '../../projections/state-store.ts';

export const createStateTable = (database: SqliteDatabase): void => {
  database.exec(`
    CREATE TABLE IF NOT EXISTS state (
      store TEXT, key TEXT, value TEXT NOT NULL, etag INTEGER NOT NULL, PRIMARY KEY (store, key)
    ) WITHOUT ROWID`);
};

/**
 * A state store in a table of one SQLite file, which several stores can share under different names. An operation waits up to
 * `lockWaitMs` for the lock of another process, without blocking the event loop, and then fails with SQLITE_BUSY.
 */
export const createEmbeddedStateStore = (
  database: SqliteDatabase,
  name: string,
  { check, lockWaitMs }: { check: () => Promise<void>; lockWaitMs: number },
): StateStore => {
  createStateTable(database);
  const select = database.prepare(
    'SELECT key, value, etag FROM state WHERE store = ? AND key IN (SELECT value FROM json_each(?))',
  );
  const insert = database.prepare('INSERT INTO state VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING');
  const update = database.prepare(
    'UPDATE state SET value = ?, etag = etag + 1 WHERE store = ? AND key = ? AND etag = ?',
  );

  const drop = database.prepare('DELETE FROM state WHERE store = ? AND key IN (SELECT value FROM json_each(?))');

  const apply = ({ key, value, etag }: Upsert) => {
    const json = JSON.stringify(value);
    const { changes } = etag === undefined ? insert.run(name, key, json) : update.run(json, name, key, Number(etag));
    if (changes === 0) throw new StateConflict(key);
  };
  const removeAll = database.transaction((keys: readonly string[]) => {
    drop.run(name, JSON.stringify(keys));
  }).immediate;
  const applyAll = database.transaction((upserts: readonly Upsert[]) => upserts.forEach(apply)).immediate;

  return {
    getMany: async (keys) => {
      const read = () => select.all(name, JSON.stringify(keys)) as { key: string; value: string; etag: number }[];
      const rows = await retryBusy(read, lockWaitMs);
      return new Map(rows.map(({ key, value, etag }) => [key, { value: JSON.parse(value), etag: String(etag) }]));
    },
    transact: (upserts) => retryBusy(() => applyAll(upserts), lockWaitMs),
    remove: (keys) => retryBusy(() => removeAll(keys), lockWaitMs),
    check,
  };
};
