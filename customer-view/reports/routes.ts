import type { Kysely } from 'kysely';
import { z } from 'zod';
import { currencySchema, orderStatusSchema, productIdSchema } from '../../contracts/events/order-changed/schema.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import type { View } from '../../packages/projections/view.ts';
import type { Order } from '../orders/index.ts';
import { createOrderParameters } from '../orders/index.ts';
import {
  type CustomerViewDatabase,
  createNextPath,
  createPageSchema,
  readCursor,
  viewErrors,
  writeCursor,
} from '../queries/index.ts';
import type { Registration } from '../registrations/index.ts';
import { reportNewCustomers } from './report-new-customers.ts';
import { cursorTypesOf, type OrderDimension, orderDimensions, reportOrders } from './report-orders.ts';

const month = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}$/)
  .meta({ description: 'A month in UTC.', examples: ['2026-11'] });
const byFormat = `a list out of ${orderDimensions.join(', ')}, separated by commas`;
const dimension = z.enum(orderDimensions, byFormat);
const by = z
  .string(byFormat)
  .regex(new RegExp(`^(?:${orderDimensions.join('|')})(?:,(?:${orderDimensions.join('|')}))*$`), byFormat)
  .default('month,product')
  .meta({ description: `The groups: ${byFormat}.` });
const digits = z
  .string()
  .regex(/^[0-9]+$/)
  .meta({ examples: ['3'] });

const orderSumsSchema = z
  .object({
    month: month.optional(),
    product: productIdSchema.optional(),
    status: orderStatusSchema.optional(),
    currency: currencySchema,
    orders: z
      .int()
      .min(1)
      .meta({ examples: [1] }),
    quantity: digits.meta({
      description: 'The sum as decimal digits, because it may exceed what a JSON number holds.',
    }),
    total: digits.meta({
      description: 'The sum in minor units of the currency, as decimal digits.',
      examples: ['14700'],
    }),
  })
  .meta({ id: 'OrderSums' });

const newCustomersSchema = z.object({
  items: z.array(
    z.object({
      month,
      customers: z
        .int()
        .min(1)
        .meta({ examples: [8] }),
    }),
  ),
  unreadable: z.int().min(1).optional(),
});

type Views = { readonly orders: View<Order>; readonly registrations: View<Registration> };

export const reportRoutes = (db: Kysely<CustomerViewDatabase>, { orders, registrations }: Views): Routes =>
  withTag('Reports', {
    '/reports/new-customers': {
      get: operation({
        summary: 'New customers by month, from the first registration',
        description: 'Counts each customer once, also one that was deleted or erased.',
        query: z.strictObject({ by: z.literal('month', 'month').default('month') }),
        responses: { 200: { description: 'The months with registrations.', schema: newCustomersSchema } },
        errors: viewErrors,
        handle: async (_request, res) =>
          res.json(
            await registrations.query(async (generation, { deadLetters = 0 }) => ({
              items: await reportNewCustomers(db, generation),
              ...(deadLetters > 0 && { unreadable: deadLetters }),
            })),
          ),
      }),
    },
    '/reports/orders': {
      get: operation({
        summary: 'Orders, quantities and totals by month, product or status',
        description: 'Always also by currency. An order counts in the month of its creation, whatever its status.',
        query: z.strictObject({
          by,
          ...createOrderParameters('/reports/orders month,product', ['2026-11', 'thermostat', 'EUR']),
        }),
        responses: { 200: { description: 'A page of groups.', schema: createPageSchema(orderSumsSchema) } },
        errors: viewErrors,
        handle: async ({ query }, res) => {
          const { by, limit, after, ...filter } = query;
          const dimensions = [...new Set(by.split(','))].map((name) => dimension.parse(name) as OrderDimension);
          const listName = `/reports/orders ${dimensions}`;
          const cursor = readCursor(after, listName, cursorTypesOf(dimensions));
          res.json(
            await orders.query(async (generation, { deadLetters = 0 }) => {
              const { items, next } = await reportOrders(db, generation, filter, {
                by: dimensions,
                after: cursor,
                limit,
              });
              return {
                items,
                next: createNextPath('/reports/orders', { by, ...filter, limit }, next && writeCursor(listName, next)),
                ...(deadLetters > 0 && { unreadable: deadLetters }),
              };
            }),
          );
        },
      }),
    },
  });
