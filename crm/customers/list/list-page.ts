import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import { readPage } from '../../../packages/database/pages.ts';
import type { CrmDatabase, CustomerTable } from '../../database/index.ts';
import type { Customer } from '../customer.ts';
import { asCustomer as toCustomer } from '../find-customers.ts';
import type { Cursor } from './list-cursor.ts';
import type { ListPlan, RowGroup } from './list-plan.ts';

/** Up to `limit` customers from behind the cursor, and the cursor of the next page where there is one. */
export const listPage = async (
  db: Kysely<CrmDatabase>,
  plan: ListPlan,
  { after, limit }: { after?: Cursor | undefined; limit: number },
): Promise<{ items: Customer[]; next: Cursor | undefined }> => {
  const page = await readPage(limit, (rows) => pageQuery(db, plan, { after, limit: rows }).execute());
  return { items: page.items.map(toCustomer), next: page.next && cursorOf(page.next, plan) };
};

const cursorOf = (row: Selectable<CustomerTable>, { key }: ListPlan): Cursor =>
  key === 'customerId' ? { customerId: row.customerId } : { customerId: row.customerId, key: row[key] };

/**
 * Each stretch of an index gives as many ids as the page may need of it; the page is the first of them all. So the cost of
 * a page is that of its rows, wherever it lies.
 */
export const pageQuery = (
  db: Kysely<CrmDatabase>,
  plan: ListPlan,
  { after, limit }: { after?: Cursor | undefined; limit: number },
) => {
  const { key, descending, groups } = plan;
  const order = descending ? 'desc' : 'asc';
  const indexRanges = groups.flatMap((group) =>
    pageRanges(after, plan).map((range) =>
      db
        .selectFrom(
          range(selectGroup(db, group))
            .select(['customer.customerId', `customer.${key} as sortKey`])
            .orderBy(`customer.${key}`, order)
            .orderBy('customer.customerId', order)
            .limit(limit)
            .as('stretch'),
        )
        .select(['stretch.customerId', 'stretch.sortKey']),
    ),
  );
  const [first, ...others] = indexRanges;
  if (!first) throw new Error('a plan has rows');
  const all = others.reduce((union, stretch) => union.unionAll(stretch), first);
  const page = db
    .selectFrom(all.as('every'))
    .select(['every.customerId', 'every.sortKey'])
    .orderBy('every.sortKey', order)
    .orderBy('every.customerId', order)
    .limit(limit);
  return db
    .selectFrom(page.as('page'))
    .innerJoin('customer', 'customer.customerId', 'page.customerId')
    .selectAll('customer')
    .orderBy('page.sortKey', order)
    .orderBy('page.customerId', order);
};

/** How many customers a list has, or undefined for more than `atMost`. */
export const countCustomers = async (
  db: Kysely<CrmDatabase>,
  plan: ListPlan,
  maxCount: number | undefined,
): Promise<number | undefined> => {
  let count = 0;
  for (const group of plan.groups) {
    const some = filterByPrefix(selectGroup(db, group), plan).select('customer.customerId');
    const limited = maxCount === undefined ? some : some.limit(maxCount - count + 1);
    const { many } = await db
      .selectFrom(limited.as('some'))
      .select(({ fn }) => fn.countAll<number>().as('many'))
      .executeTakeFirstOrThrow();
    count += Number(many);
    if (maxCount !== undefined && count > maxCount) return undefined;
  }
  return count;
};

type Rows = SelectQueryBuilder<CrmDatabase, 'customer', object>;

const selectGroup = (db: Kysely<CrmDatabase>, group: RowGroup): Rows => {
  let rows: Rows = db.selectFrom('customer');
  for (const [column, value] of Object.entries(group)) rows = rows.where(sql.ref(`customer.${column}`), '=', value);
  return rows;
};

const filterByPrefix = (rows: Rows, { prefix }: ListPlan): Rows =>
  prefix ? rows.where('nameKey', '>=', prefix).where('nameKey', '<', prefixEnd(prefix)) : rows;

/** No character comes behind the last one of Unicode, in any database that compares bytes. */
const prefixEnd = (prefix: string) => `${prefix}\u{10ffff}`;

/**
 * The rows of a page: without a cursor from the beginning; else those of the cursor's key with another id, and those of
 * another key, each a stretch of the index. Each has one bound on either side: not every database takes the narrower of two.
 */
const pageRanges = (after: Cursor | undefined, plan: ListPlan): ((rows: Rows) => Rows)[] => {
  if (!after) return [(rows) => filterByPrefix(rows, plan)];
  const { key, descending, prefix } = plan;
  const comparison = descending ? '<' : '>';
  const { customerId, key: last } = after;
  const afterId = (rows: Rows) => rows.where('customer.customerId', comparison, customerId);
  if (key === 'customerId' || last === undefined) return [afterId];
  return [
    (rows) => afterId(rows.where(`customer.${key}`, '=', last as never)),
    (rows) => {
      const others = rows.where(`customer.${key}`, comparison, last as never);
      if (!prefix) return others;
      return descending ? others.where('nameKey', '>=', prefix) : others.where('nameKey', '<', prefixEnd(prefix));
    },
  ];
};
