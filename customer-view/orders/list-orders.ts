import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { OrderState } from '../../contracts/events/order-changed/schema.ts';
import { readPage } from '../../packages/database/pages.ts';
import type { Generation } from '../../packages/projections/generations/index.ts';
import { afterCursor, type Cursor, type CustomerViewDatabase, type Period, type SortOrder } from '../queries/index.ts';
import type { Order } from './order.ts';

export type OrderFilter = Period & {
  readonly customerId?: string | undefined;
  readonly product?: string | undefined;
  readonly status?: OrderState['status'] | undefined;
};

export const orderSorts = ['createdAt', '-createdAt', 'total', '-total'] as const;
export type OrderSort = (typeof orderSorts)[number];

/** The order of a list; the key makes it total. */
const sortOrderOf = (sort: OrderSort): SortOrder => ({
  columns: [`orders.${sort.replace('-', '')}`, 'orders.key'],
  isDescending: sort.startsWith('-'),
});

/** The types of the values in a cursor of these lists. */
export const cursorTypes = ['number', 'string'] as const;

type Orders = SelectQueryBuilder<CustomerViewDatabase, 'orders', object>;

/**
 * The filter that usually matches the fewest orders chooses the index, and the others are checked in its entries. Databases would guess,
 * and might read all delivered orders to find those of one product.
 */
const withoutIndex = (column: string) => sql<string>`coalesce(${sql.ref(column)}, '')`;

/** Selects the orders of one generation that pass the filter. A row of dead-letter marks alone has no month. */
export const selectOrders = (
  db: Kysely<CustomerViewDatabase>,
  { number }: Generation,
  { customerId, product, status, from, to }: OrderFilter,
): Orders => {
  let query: Orders = db
    .selectFrom('orders')
    .where('orders.generation', '=', number)
    .where('orders.month', 'is not', null);
  const equalities = [
    ['orders.customerId', customerId],
    ['orders.productId', product],
    ['orders.status', status],
  ] as const;
  let isIndexed = false;
  for (const [column, value] of equalities) {
    if (value === undefined) continue;
    query = query.where(isIndexed ? withoutIndex(column) : sql.ref(column), '=', value);
    isIndexed = true;
  }
  if (from !== undefined) query = query.where('orders.createdAt', '>=', Date.parse(from));
  if (to !== undefined) query = query.where('orders.createdAt', '<', Date.parse(to));
  return query;
};

/** Sorts orders, and begins after the cursor. */
export const sortOrders = <Selected>(
  orders: SelectQueryBuilder<CustomerViewDatabase, 'orders', Selected>,
  { sort, after }: { sort: OrderSort; after: Cursor | undefined },
) => {
  const order = sortOrderOf(sort);
  const direction = order.isDescending ? 'desc' : 'asc';
  const column = sort.endsWith('total') ? 'orders.total' : 'orders.createdAt';
  return (after === undefined ? orders : orders.where(afterCursor(order, after)))
    .select(['orders.key as lastKey', 'orders.document', `${column} as lastValue`])
    .orderBy(column, direction)
    .orderBy('orders.key', direction);
};

/** Reads up to `limit` orders after the cursor, with what `orders` selects of other tables. */
export const listOrders = async <Selected>(
  orders: SelectQueryBuilder<CustomerViewDatabase, 'orders', Selected>,
  { limit, ...page }: { sort: OrderSort; after: Cursor | undefined; limit: number },
): Promise<{ items: (Selected & { document: string })[]; next: Cursor | undefined }> => {
  const sorted = sortOrders(orders, page);
  type Row = Selected & { document: string; lastKey: string; lastValue: number | null };
  const { items, next } = await readPage(limit, (rows) => sorted.limit(rows).execute() as Promise<Row[]>);
  return { items, next: next && [Number(next.lastValue), next.lastKey] };
};

export const parseOrder = ({ document }: { document: string }): Order => JSON.parse(document);
