import { type Kysely, sql } from 'kysely';
import { readPages } from '../../database/pages.ts';
import { isMysql } from '../../database/run-exclusively.ts';
import { asView, type ViewSchema } from './schema.ts';
import { createRow, type DocumentRow, type ViewTable, type ViewTables } from './view-table.ts';
import { replaceRows } from './write-rows.ts';

const rowsPerPage = 500;

/**
 * Fills columns that the rows do not have yet from the stored documents. It may be killed and repeated, and several processes may
 * do it at the same time. From its beginning, writers with other columns are refused (`checkColumns`).
 */
export const fillColumns = async (db: Kysely<ViewSchema>, tables: ViewTables): Promise<void> => {
  for (const [view, table] of Object.entries(tables)) {
    const columns = describeColumns(table);
    await db.insertInto('viewColumns').ignore().values({ view, columns: '', isFilled: 0 }).execute();
    const ofView = db.updateTable('viewColumns').where('view', '=', view);
    await ofView.set({ columns, isFilled: 0 }).where('columns', '<>', columns).execute();
    const isFilled = db.selectFrom('viewColumns').select('isFilled').where('view', '=', view);
    if ((await isFilled.executeTakeFirst())?.isFilled) continue;
    await fillRows(db, view, table);
    await ofView.set({ isFilled: 1 }).where('columns', '=', columns).execute();
  }
};

const fillRows = async (db: Kysely<ViewSchema>, view: string, table: ViewTable<never>) => {
  const generations = await db.selectFrom(asView(view)).select('generation').distinct().execute();
  for (const { generation } of generations) {
    const fillPage = (after: DocumentRow | undefined, limit: number) =>
      db.transaction().execute(async (trx) => {
        const page = trx.selectFrom(asView(view)).selectAll().where('generation', '=', generation);
        const following = after ? page.where('key', '>', after.key) : page;
        const rows = await following.orderBy('key').limit(limit).forUpdate().execute();
        const filled = rows.map(({ key, version, document }) =>
          createRow(table, { generation, key, version }, JSON.parse(document)),
        );
        await replaceRows(trx.withTables<never>(), view, filled, ['generation', 'key']);
        return rows;
      });
    for await (const _ of readPages(rowsPerPage, fillPage));
  }
};

/**
 * Checks that the views are written with the columns of this release. A process of another release does not know all of them, so its
 * rows would be missing in queries. The check locks out `fillColumns` until the transaction has ended.
 * @throws Error that says what to do
 */
export const checkColumns = async (
  db: Kysely<ViewSchema>,
  tables: ViewTables,
  views: readonly string[],
): Promise<void> => {
  if (views.length === 0) return;
  const query = db.selectFrom('viewColumns').select(['view', 'columns']).where('view', 'in', views);
  const rows = await (isMysql(db) ? query.modifyEnd(sql`lock in share mode`) : query).execute();
  const held = new Map(rows.map(({ view, columns }) => [view, columns]));
  for (const view of views)
    if (held.get(view) !== describeColumns(tables[view] as ViewTable<never>))
      throw new Error(
        `another release has opened the database with other columns of ${view}: stop it, and restart this process`,
      );
};

const describeColumns = ({ columns, isErased }: ViewTable<never>): string =>
  Object.entries(columns)
    .map(([column, { type }]) => `${column} ${type}`)
    .concat(isErased ? ['isErased'] : [])
    .toSorted()
    .join(', ');
