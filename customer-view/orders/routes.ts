import type { Kysely } from 'kysely';
import { z } from 'zod';
import { orderIdSchema, orderStatusSchema, productIdSchema } from '../../contracts/events/order-changed/schema.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import type { View } from '../../packages/projections/view.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import {
  type Cursor,
  type CustomerViewDatabase,
  createNextPath,
  createPageParameters,
  createPageSchema,
  periodParameters,
  readAtLeast,
  readCursor,
  readYourWrites,
  viewErrors,
  writeCursor,
} from '../queries/index.ts';
import { cursorTypes, listOrders, orderSorts, parseOrder } from './list-orders.ts';
import type { Order } from './order.ts';
import { orderSchema, showOrder } from './show-order.ts';
import { findUnreadableOrders } from './unreadable-orders.ts';

/** Time and id of an order. */
const exampleOrderCursor: Cursor = [1795694400123, '0b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a01'];

/** The query parameters of a list of orders, with a cursor of it as the example. */
export const createOrderParameters = (list: string, exampleCursor: Cursor = exampleOrderCursor) => ({
  product: productIdSchema.optional().meta({ description: 'The productId.' }),
  status: orderStatusSchema.optional(),
  ...periodParameters,
  ...createPageParameters(list, exampleCursor),
});

const newestFirst = z.enum(['createdAt', '-createdAt'], 'createdAt or -createdAt').default('-createdAt');
/** The sort parameter of the lists of one customer. */
export const orderSortParameter = z
  .enum(orderSorts, `one of ${orderSorts.join(', ')}`)
  .default('-createdAt')
  .meta({ description: 'A minus sorts in descending order. Totals of different currencies are compared as numbers.' });

export const orderRoutes = (db: Kysely<CustomerViewDatabase>, orders: View<Order>): Routes =>
  withTag('Orders', {
    '/orders': {
      get: operation({
        summary: 'Orders, page by page',
        query: z.strictObject({ ...createOrderParameters('/orders -createdAt'), sort: newestFirst }),
        responses: { 200: { description: 'A page.', schema: createPageSchema(orderSchema) } },
        errors: viewErrors,
        handle: async ({ query }, res) => {
          const { limit, after, sort, ...filter } = query;
          const cursor = readCursor(after, `/orders ${sort}`, cursorTypes);
          res.json(
            await orders.query(async (generation, { deadLetters = 0 }) => {
              const page = await listOrders(db, generation, filter, { sort, after: cursor, limit });
              return {
                items: page.items.map((row) => showOrder(parseOrder(row))),
                next: createNextPath(
                  '/orders',
                  { ...filter, sort, limit },
                  page.next && writeCursor(`/orders ${sort}`, page.next),
                ),
                ...(deadLetters > 0 && { unreadable: (await findUnreadableOrders(db, generation)).length }),
              };
            }),
          );
        },
      }),
    },
    '/orders/:orderId': {
      get: operation({
        summary: 'One order',
        description: 'With the version of your change as `minVersion`, the answer has that change or a later one.',
        path: z.object({
          orderId: orderIdSchema.meta({
            description: 'An `orderId` in the answer of `GET /orders`.',
            isKnownLater: true,
          }),
        }),
        query: readYourWrites,
        responses: { 200: { description: 'The order.', schema: orderSchema } },
        errors: ['order-unknown', 'version-not-here-yet', ...viewErrors],
        handle: async ({ path, query }, res) => {
          const order = await readAtLeast(orders, path.orderId, query, ({ version }) => version);
          if (!order) throw new DomainError('order-unknown', `No order ${path.orderId} is known.`);
          res.json(showOrder(order));
        },
      }),
    },
  });
