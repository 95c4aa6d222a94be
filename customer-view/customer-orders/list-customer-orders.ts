import type { Kysely } from 'kysely';
import { readPage } from '../../packages/database/pages.ts';
import type { Generation } from '../../packages/projections/generations/index.ts';
import type { Customer } from '../customers/index.ts';
import type { Order } from '../orders/index.ts';
import { cursorAfter, type OrderFilter, type OrderList, parseOrder, selectOrderPage } from '../orders/index.ts';
import type { Cursor, CustomerViewDatabase } from '../queries/index.ts';

export type CustomerOrder = { readonly order: Order; readonly customer: Customer | undefined };

/**
 * Joins a page of orders with their customers at query time. So an order has its customer's present state, also when the customer
 * arrives after the order, changes later or is erased.
 */
export const listCustomerOrders = async (
  db: Kysely<CustomerViewDatabase>,
  generations: { readonly orders: Generation; readonly customers: Generation },
  filter: OrderFilter,
  { limit, ...list }: OrderList & { readonly limit: number },
): Promise<{ items: CustomerOrder[]; next: Cursor | undefined }> => {
  const { items, next } = await readPage(limit, (rows) =>
    selectOrderPage(db, generations.orders, filter, { ...list, rows })
      .leftJoin('customers', (join) =>
        join
          .onRef('customers.key', '=', 'orders.customerId')
          .on('customers.generation', '=', generations.customers.number),
      )
      .select('customers.document as customer')
      .execute(),
  );
  return {
    items: items.map((row) => ({
      order: parseOrder(row),
      customer: row.customer === null ? undefined : JSON.parse(row.customer),
    })),
    next: next && cursorAfter(next),
  };
};
