import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { OrderState } from '../../contracts/events/order-changed/schema.ts';
import { readPage } from '../../packages/database/pages.ts';
import type { Generation } from '../../packages/projections/generations/index.ts';
import { fromIndex } from '../../packages/view-database/from-index.ts';
import { afterCursor, type Cursor, type CustomerViewDatabase, type Period } from '../queries/index.ts';
import type { Order } from './order.ts';
import { orderIndexes } from './table.ts';

export type OrderFilter = Period & {
  readonly customerId?: string | undefined;
  readonly product?: string | undefined;
  readonly status?: OrderState['status'] | undefined;
};

export const orderSorts = ['createdAt', '-createdAt', 'total', '-total'] as const;
export type OrderSort = (typeof orderSorts)[number];

/** The types of the values in a cursor of these lists. */
export const cursorTypes = ['number', 'string'] as const;

type Orders = SelectQueryBuilder<CustomerViewDatabase, 'orders', object>;

const indexOf = ({ customerId, product, status }: OrderFilter, sort: OrderSort): readonly string[] => {
  if (customerId !== undefined)
    return sort.endsWith('total') ? orderIndexes.customerByTotal : orderIndexes.customerByCreation;
  if (product !== undefined) return orderIndexes.product;
  return status === undefined ? orderIndexes.all : orderIndexes.status;
};

/**
 * Selects the orders of one generation that pass the filter; with `sort` from the index of that list. A row of dead-letter marks alone has
 * neither month nor creation.
 */
export const selectOrders = (
  db: Kysely<CustomerViewDatabase>,
  { number }: Generation,
  filter: OrderFilter,
  sort?: OrderSort,
): Orders => {
  const { customerId, product, status, from, to } = filter;
  const table = fromIndex<CustomerViewDatabase['orders'], 'orders'>;
  const orders: Orders = sort
    ? db.selectFrom(table(db.withTables<never>(), 'orders', indexOf(filter, sort)))
    : db.selectFrom('orders');
  let query = orders
    .where('orders.generation', '=', number)
    .where(sort ? 'orders.createdAt' : 'orders.month', 'is not', null);
  if (customerId !== undefined) query = query.where('orders.customerId', '=', customerId);
  if (product !== undefined) query = query.where('orders.productId', '=', product);
  if (status !== undefined) query = query.where('orders.status', '=', status);
  if (from !== undefined) query = query.where('orders.createdAt', '>=', Date.parse(from));
  if (to !== undefined) query = query.where('orders.createdAt', '<', Date.parse(to));
  return query;
};

export type OrderList = { readonly sort: OrderSort; readonly after: Cursor | undefined };

/**
 * Selects up to `rows` orders after the cursor. The keys of the page are read from the index alone, and then the documents, because a
 * filter may refuse many entries of the index.
 */
export const selectOrderPage = (
  db: Kysely<CustomerViewDatabase>,
  generation: Generation,
  filter: OrderFilter,
  { sort, after, rows }: OrderList & { readonly rows: number },
) => {
  const column = sort.endsWith('total') ? 'orders.total' : 'orders.createdAt';
  const isDescending = sort.startsWith('-');
  const direction = isDescending ? 'desc' : 'asc';
  const orders = selectOrders(db, generation, filter, sort);
  const page = (after ? orders.where(afterCursor({ columns: [column, 'orders.key'], isDescending }, after)) : orders)
    .select(['orders.key', `${column} as value`])
    .orderBy(column, direction)
    .orderBy('orders.key', direction)
    .limit(rows);
  return db
    .selectFrom(page.as('page'))
    .innerJoin('orders', (join) =>
      join.onRef('orders.key', '=', 'page.key').on('orders.generation', '=', generation.number),
    )
    .select(['page.key as lastKey', 'page.value as lastValue', 'orders.document'])
    .orderBy('page.value', direction)
    .orderBy('page.key', direction);
};

/** The cursor after a row of `selectOrderPage`. */
export const cursorAfter = ({ lastKey, lastValue }: { lastKey: string; lastValue: number | null }): Cursor => [
  Number(lastValue),
  lastKey,
];

/** Reads up to `limit` orders after the cursor. */
export const listOrders = async (
  db: Kysely<CustomerViewDatabase>,
  generation: Generation,
  filter: OrderFilter,
  { limit, ...list }: OrderList & { readonly limit: number },
): Promise<{ items: { document: string }[]; next: Cursor | undefined }> => {
  const { items, next } = await readPage(limit, (rows) =>
    selectOrderPage(db, generation, filter, { ...list, rows }).execute(),
  );
  return { items, next: next && cursorAfter(next) };
};

export const parseOrder = ({ document }: { document: string }): Order => JSON.parse(document);
