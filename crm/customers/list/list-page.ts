import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import { readPage } from '../../../packages/database/pages.ts';
import type { CrmDatabase, CustomerTable } from '../../database/index.ts';
import type { Customer } from '../customer.ts';
import { toCustomer } from '../find-customers.ts';
import type { Cursor } from './list-cursor.ts';
import type { ListPlan, RowGroup } from './list-plan.ts';

/**
 * Reads up to `limit` customers after the cursor `after`. `next` is the cursor of the next page, undefined on the last
 * one.
 */
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
 * Takes up to `limit` ids from each index range and merges them into the page. So the cost of a page depends on its size,
 * not on where in the list it begins.
 */
export const pageQuery = (
  db: Kysely<CrmDatabase>,
  plan: ListPlan,
  { after, limit }: { after?: Cursor | undefined; limit: number },
) => {
  const { key, isDescending, groups } = plan;
  const order = isDescending ? 'desc' : 'asc';
  const indexRanges = groups.flatMap((group) =>
    pageRanges(after, plan).map((range) =>
      db
        .selectFrom(
          range(selectGroup(db, group))
            .select(['customer.customerId', `customer.${key} as sortKey`])
            .orderBy(`customer.${key}`, order)
            .orderBy('customer.customerId', order)
            .limit(limit)
            .as('indexRange'),
        )
        .select(['indexRange.customerId', 'indexRange.sortKey']),
    ),
  );
  const [first, ...others] = indexRanges;
  if (!first) throw new Error('a plan has at least one group');
  const all = others.reduce((union, range) => union.unionAll(range), first);
  const page = db
    .selectFrom(all.as('merged'))
    .select(['merged.customerId', 'merged.sortKey'])
    .orderBy('merged.sortKey', order)
    .orderBy('merged.customerId', order)
    .limit(limit);
  return db
    .selectFrom(page.as('page'))
    .innerJoin('customer', 'customer.customerId', 'page.customerId')
    .selectAll('customer')
    .orderBy('page.sortKey', order)
    .orderBy('page.customerId', order);
};

/** @returns how many customers the list has; undefined if there are more than `maxCount` */
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

/** The last character of Unicode sorts after all others in a database that compares bytes. */
const prefixEnd = (prefix: string) => `${prefix}\u{10ffff}`;

/**
 * The index ranges of a page. Without a cursor: one range from the beginning. With a cursor: the rows with the cursor's key
 * and a later id, and the rows with a later key. Each range has at most one bound on each side, because not every database
 * uses the narrower of two.
 */
const pageRanges = (after: Cursor | undefined, plan: ListPlan): ((rows: Rows) => Rows)[] => {
  if (!after) return [(rows) => filterByPrefix(rows, plan)];
  const { key, isDescending, prefix } = plan;
  const comparison = isDescending ? '<' : '>';
  const { customerId, key: last } = after;
  const afterId = (rows: Rows) => rows.where('customer.customerId', comparison, customerId);
  if (key === 'customerId' || last === undefined) return [afterId];
  return [
    (rows) => afterId(rows.where(`customer.${key}`, '=', last as never)),
    (rows) => {
      const others = rows.where(`customer.${key}`, comparison, last as never);
      if (!prefix) return others;
      return isDescending ? others.where('nameKey', '>=', prefix) : others.where('nameKey', '<', prefixEnd(prefix));
    },
  ];
};
