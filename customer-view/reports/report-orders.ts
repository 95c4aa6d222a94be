import { type Kysely, sql } from 'kysely';
import { readPage } from '../../packages/database/pages.ts';
import type { Generation } from '../../packages/projections/generations/index.ts';
import type { OrderFilter } from '../orders/index.ts';
import { selectOrders } from '../orders/index.ts';
import { afterCursor, type Cursor, type CustomerViewDatabase } from '../queries/index.ts';

export const orderDimensions = ['month', 'product', 'status'] as const;
export type OrderDimension = (typeof orderDimensions)[number];

/** Sums of one group. Amounts of different currencies are never added. */
export type OrderSums = Partial<Record<OrderDimension, string>> & {
  readonly currency: string;
  readonly orders: number;
  readonly quantity: string;
  readonly total: string;
};

const columnOf = { month: 'orders.month', product: 'orders.productId', status: 'orders.status' } as const;

/** The types of the values in a cursor of the report. */
export const cursorTypesOf = (by: readonly OrderDimension[]) => [...by, 'currency'].map(() => 'string' as const);

/** A sum may exceed what a database or a JSON number holds exactly, so high and low digits are added separately. */
const splitAt = 1_000_000_000;
const sumOf = (column: 'orders.total' | 'orders.quantity') => {
  const low = sql`${sql.ref(column)} % ${sql.lit(splitAt)}`;
  return {
    high: sql<string | number>`sum((${sql.ref(column)} - ${low}) / ${sql.lit(splitAt)})`,
    low: sql<string | number>`sum(${low})`,
  };
};
const joinSum = (high: string | number, low: string | number): string =>
  String(BigInt(Math.round(Number(high))) * BigInt(splitAt) + BigInt(Math.round(Number(low))));

/** Counts and sums orders by month (of creation, UTC), product or status, and always by currency. */
export const reportOrders = async (
  db: Kysely<CustomerViewDatabase>,
  generation: Generation,
  filter: OrderFilter,
  { by, after, limit }: { by: readonly OrderDimension[]; after: Cursor | undefined; limit: number },
): Promise<{ items: OrderSums[]; next: Cursor | undefined }> => {
  const columns = [...by.map((dimension) => columnOf[dimension]), 'orders.currency'] as const;
  const [total, quantity] = [sumOf('orders.total'), sumOf('orders.quantity')];
  let query = selectOrders(db, generation, filter).select(({ fn }) => [
    'orders.month',
    'orders.productId as product',
    'orders.status',
    'orders.currency',
    fn.countAll<number>().as('orders'),
    total.high.as('totalHigh'),
    total.low.as('totalLow'),
    quantity.high.as('quantityHigh'),
    quantity.low.as('quantityLow'),
  ]);
  if (after !== undefined) query = query.where(afterCursor({ columns, isDescending: false }, after));
  for (const column of columns) query = query.groupBy(column).orderBy(column);
  const { items, next } = await readPage(limit, (rows) => query.limit(rows).execute());
  const keyOf = (row: (typeof items)[number]): string[] => [
    ...by.map((name) => String(row[name])),
    String(row.currency),
  ];
  return {
    items: items.map((row) => ({
      ...Object.fromEntries(by.map((name) => [name, String(row[name])])),
      currency: String(row.currency),
      orders: Number(row.orders),
      quantity: joinSum(row.quantityHigh, row.quantityLow),
      total: joinSum(row.totalHigh, row.totalLow),
    })),
    next: next && keyOf(next),
  };
};
