import type { Kysely } from 'kysely';
import { checkDatabase } from '../../database/check-database.ts';
import { TransientDatabaseError } from '../../database/database-error.ts';
import { documentKey } from '../../projections/generations/index.ts';
import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../../projections/state-store.ts';
import { splitIntoChunks } from '../../runtime/chunks.ts';
import { checkColumns } from '../tables/fill-columns.ts';
import { asView, type ViewSchema } from '../tables/schema.ts';
import { createRow, type ViewTable, type ViewTables } from '../tables/view-table.ts';
import { insertRows, replaceRows } from '../tables/write-rows.ts';
import { requestPurge } from './pending-purge.ts';
import { groupByTable, type KeyGroup } from './stored-key.ts';

const keysPerStatement = 1_000;
const chunkKeys = ({ items }: KeyGroup<unknown>) => splitIntoChunks([...items.keys()], keysPerStatement);

/**
 * A state store on the tables of views, whose keys begin with the name of the view and a slash. `transact` is one database transaction:
 * it applies all upserts or none. `onPurgeRequest` is called when a transaction was committed that deleted personal data.
 */
export const createViewStore = (db: Kysely<ViewSchema>, tables: ViewTables, onPurgeRequest: () => void): StateStore => {
  const isView = (name: string) => Object.hasOwn(tables, name);
  const tableOf = (view: string) => tables[view] as ViewTable<never>;

  const writeGroup = async (trx: Kysely<ViewSchema>, group: KeyGroup<Upsert>): Promise<{ isErasing: boolean }> => {
    const { view, generation } = group;
    const held = await readVersions(trx, group, { isLocking: true });
    checkPreconditions(group, held);
    const rows = [...group.items].map(([key, { value }]) => {
      const version = (held.get(key)?.version ?? 0) + 1;
      if (view === undefined) return { key, version, value: JSON.stringify(value) };
      return createRow(tableOf(view), { generation, key, version }, value);
    });
    const table = view ?? 'viewState';
    const created = rows.filter(({ key }) => !held.has(key));
    const replaced = rows.filter(({ key }) => held.has(key));
    await insertRows(trx.withTables<never>(), table, created);
    await replaceRows(trx.withTables<never>(), table, replaced, view === undefined ? ['key'] : ['generation', 'key']);
    return {
      isErasing: replaced.some((row) => 'isErased' in row && row.isErased === 1 && !held.get(row.key)?.isErased),
    };
  };

  const removeGroup = async (trx: Kysely<ViewSchema>, group: KeyGroup<string>): Promise<{ isErasing: boolean }> => {
    const { view, generation } = group;
    let deleted = 0n;
    for (const keys of chunkKeys(group)) {
      const query =
        view === undefined
          ? trx.deleteFrom('viewState').where('key', 'in', keys)
          : trx.deleteFrom(asView(view)).where('generation', '=', generation).where('key', 'in', keys);
      deleted += (await query.executeTakeFirst()).numDeletedRows;
    }
    return { isErasing: view !== undefined && tableOf(view).isErased !== undefined && deleted > 0n };
  };

  /** Runs `work` for each group in one transaction, together with a request to purge the bytes that it deletes. */
  const inTransaction = async <Item>(
    groups: readonly KeyGroup<Item>[],
    work: (trx: Kysely<ViewSchema>, group: KeyGroup<Item>) => Promise<{ isErasing: boolean }>,
  ): Promise<void> => {
    const views = groups.flatMap(({ view }) => (view === undefined ? [] : [view]));
    const isErasing = await db.transaction().execute(async (trx) => {
      await checkColumns(trx, tables, [...new Set(views)]);
      let isErasingAny = false;
      for (const group of groups) {
        const { isErasing } = await work(trx, group);
        isErasingAny ||= isErasing;
      }
      if (isErasingAny) await requestPurge(trx);
      return isErasingAny;
    });
    if (isErasing) onPurgeRequest();
  };

  const remove = (keys: readonly string[]) =>
    inTransaction(
      groupByTable(keys, (key) => key, isView),
      removeGroup,
    );

  return {
    getMany: async (keys) => {
      const groups = groupByTable(keys, (key) => key, isView);
      return new Map((await Promise.all(groups.map((group) => readValues(db, group)))).flat());
    },
    transact: async (upserts) => {
      const groups = groupByTable(upserts, ({ key }) => key, isView);
      try {
        await inTransaction(groups, writeGroup);
      } catch (error) {
        if (!(error instanceof TransientDatabaseError && error.code === 'database-conflict')) throw error;
        // An absent row cannot be locked, so another writer may have created it after it was looked up.
        for (const group of groups) checkPreconditions(group, await readVersions(db, group, { isLocking: false }));
        throw error;
      }
    },
    etagAfter: (etag) => String(Number(etag ?? 0) + 1),
    remove,
    removeGeneration: async (number, keyPrefix = '') => {
      const ofGeneration = db
        .selectFrom(asView(keyPrefix.slice(0, -1)))
        .select('key')
        .where('generation', '=', number);
      for (;;) {
        const rows = await ofGeneration.limit(keysPerStatement).execute();
        if (rows.length === 0) return;
        await remove(rows.map(({ key }) => `${keyPrefix}${documentKey(number, key)}`));
      }
    },
    check: () => checkDatabase(db, () => checkColumns(db, tables, Object.keys(tables))),
  };
};

type HeldVersion = { readonly version: number; readonly isErased?: 0 | 1 };

/** Reads the versions of the keys that exist. `isLocking`: locks their rows until the transaction ends. */
const readVersions = async (
  db: Kysely<ViewSchema>,
  group: KeyGroup<unknown>,
  { isLocking }: { isLocking: boolean },
): Promise<Map<string, HeldVersion>> => {
  const held = new Map<string, HeldVersion>();
  const { view, generation } = group;
  for (const keys of chunkKeys(group)) {
    const query =
      view === undefined
        ? db.selectFrom('viewState').select(['key', 'version']).where('key', 'in', keys)
        : db
            .selectFrom(asView(view))
            .select(['key', 'version', 'isErased'])
            .where('generation', '=', generation)
            .where('key', 'in', keys);
    const rows: (HeldVersion & { key: string })[] = await (isLocking ? query.forUpdate() : query).execute();
    for (const row of rows) held.set(row.key, row);
  }
  return held;
};

/** @throws StateConflict for the first key that was written or removed since it was read */
const checkPreconditions = ({ items }: KeyGroup<Upsert>, held: ReadonlyMap<string, HeldVersion>): void => {
  for (const [key, { key: storedKey, etag }] of items) {
    const version = held.get(key)?.version;
    if ((version === undefined ? undefined : String(version)) !== etag) throw new StateConflict(storedKey);
  }
};

const readValues = async (db: Kysely<ViewSchema>, group: KeyGroup<string>): Promise<[string, StoredValue][]> => {
  const { view, generation, items } = group;
  const read = (keys: string[]): Promise<{ key: string; version: number; value: string }[]> =>
    view === undefined
      ? db.selectFrom('viewState').select(['key', 'version', 'value']).where('key', 'in', keys).execute()
      : db
          .selectFrom(asView(view))
          .select(['key', 'version', 'document as value'])
          .where('generation', '=', generation)
          .where('key', 'in', keys)
          .execute();
  const rows = await Promise.all(chunkKeys(group).map(read));
  return rows
    .flat()
    .map(({ key, version, value }) => [items.get(key) as string, { value: JSON.parse(value), etag: String(version) }]);
};
