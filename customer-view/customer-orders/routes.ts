import type { Kysely } from 'kysely';
import { z } from 'zod';
import { customerIdSchema } from '../../contracts/customer-id.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import type { View } from '../../packages/projections/view.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { Customer } from '../customers/index.ts';
import { customerSchema, showCustomer } from '../customers/index.ts';
import type { Order } from '../orders/index.ts';
import {
  createOrderParameters,
  cursorTypes,
  findUnreadableOrders,
  listOrders,
  orderSchema,
  orderSortParameter,
  parseOrder,
  refuseUnreadableOrders,
  selectOrders,
  showOrder,
} from '../orders/index.ts';
import {
  type CustomerViewDatabase,
  createNextPath,
  createPageSchema,
  readCursor,
  viewErrors,
  writeCursor,
} from '../queries/index.ts';
import { listCustomerOrders } from './list-customer-orders.ts';

const nullableCustomer = customerSchema
  .nullable()
  .meta({ description: 'Null if the customer is not known (yet), was deleted or was erased.' });
const customerOrderSchema = orderSchema.extend({ customer: nullableCustomer }).meta({ id: 'CustomerOrder' });

type Views = { readonly customers: View<Customer>; readonly orders: View<Order> };

/** The lists that join orders with customers. */
export const customerOrderRoutes = (db: Kysely<CustomerViewDatabase>, { customers, orders }: Views): Routes =>
  withTag('Customer orders', {
    '/customers/:customerId/orders': {
      get: operation({
        summary: 'The order history of one customer',
        path: z.object({ customerId: customerIdSchema }),
        query: z.strictObject({
          ...createOrderParameters('/customers/7/orders -createdAt'),
          sort: orderSortParameter,
        }),
        responses: {
          200: {
            description: 'The customer and a page of orders.',
            schema: createPageSchema(orderSchema).extend({ customer: nullableCustomer }),
          },
        },
        errors: ['customer-unknown', ...viewErrors],
        handle: async ({ path: { customerId }, query }, res) => {
          const { limit, after, sort, ...filter } = query;
          const listName = `/customers/${customerId}/orders ${sort}`;
          const cursor = readCursor(after, listName, cursorTypes);
          const customer = await customers.get(customerId);
          const page = await orders.query(async (generation) => {
            const unreadable = await findUnreadableOrders(db, generation);
            refuseUnreadableOrders(unreadable, customerId);
            const own = { ...filter, customerId };
            const { items, next } = await listOrders(db, generation, own, { sort, after: cursor, limit });
            const hasOrders =
              customer !== undefined ||
              items.length > 0 ||
              (await hasAny(selectOrders(db, generation, { customerId }, sort).select('orders.key')));
            return {
              items,
              next,
              hasOrders,
              unreadable: unreadable.filter((order) => order.customerId === null).length,
            };
          });
          if (!page.hasOrders) await refuseUnknown(customers, customerId);
          res.json({
            customer: showCustomer(customer) ?? null,
            items: page.items.map((row) => showOrder(parseOrder(row))),
            next: createNextPath(
              `/customers/${customerId}/orders`,
              { ...filter, sort, limit },
              page.next && writeCursor(listName, page.next),
            ),
            ...(page.unreadable > 0 && { unreadable: page.unreadable }),
          });
        },
      }),
    },
    '/customer-orders': {
      get: operation({
        summary: 'Orders with their customers, page by page',
        description: 'Joined when it is asked for: each order has the present state of its customer.',
        query: z.strictObject({
          ...createOrderParameters('/customer-orders -createdAt'),
          sort: z.enum(['createdAt', '-createdAt'], 'createdAt or -createdAt').default('-createdAt'),
        }),
        responses: { 200: { description: 'A page.', schema: createPageSchema(customerOrderSchema) } },
        errors: viewErrors,
        handle: async ({ query }, res) => {
          const { limit, after, sort, ...filter } = query;
          const listName = `/customer-orders ${sort}`;
          const cursor = readCursor(after, listName, cursorTypes);
          const list = customers.query((ofCustomers, customerState) =>
            orders.query(async (ofOrders, orderState) => ({
              ...(await listCustomerOrders(db, { orders: ofOrders, customers: ofCustomers }, filter, {
                sort,
                after: cursor,
                limit,
              })),
              unreadable: (customerState.deadLetters ?? 0) + (orderState.deadLetters ?? 0),
            })),
          );
          const { items, next, unreadable } = await list;
          res.json({
            items: items.map(({ order, customer }) => ({
              ...showOrder(order),
              customer: showCustomer(customer) ?? null,
            })),
            next: createNextPath('/customer-orders', { ...filter, sort, limit }, next && writeCursor(listName, next)),
            ...(unreadable > 0 && { unreadable }),
          });
        },
      }),
    },
  });

const hasAny = async (orders: { limit(rows: number): { execute(): Promise<readonly object[]> } }): Promise<boolean> =>
  (await orders.limit(1).execute()).length > 0;

/** A view that lacks events refuses, because the customer may be among them. */
const refuseUnknown = async (customers: View<Customer>, customerId: string): Promise<never> =>
  customers.query(async () => {
    throw new DomainError('customer-unknown', `Neither a customer ${customerId} nor orders of that number are known.`);
  });
