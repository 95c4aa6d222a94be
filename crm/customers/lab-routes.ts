import { z } from 'zod';
import { operation, type Routes, tagged } from '../../lib/http/operation.ts';
import type { CustomerChanges } from './change-customer.ts';
import { findCustomer, listCustomers } from './find-customers.ts';
import { labCustomerSchema, showLabCustomer } from './show-customer.ts';

const homeQuerySchema = z.strictObject({
  customerId: z
    .string('one customerId')
    .min(1, 'a customerId')
    .optional()
    .meta({ examples: ['7'] }),
});

/** The lab's way: one customer by query parameter, or all of them as an object keyed by id. */
export const labCustomerRoutes = ({ db }: Pick<CustomerChanges, 'db'>): Routes =>
  tagged('Customers', {
    '/': {
      get: operation({
        summary: 'One customer or all of them, the lab’s way',
        query: homeQuerySchema,
        answers: {
          200: {
            description: 'The customer, or all of them as an object keyed by id.',
            schema: z.union([labCustomerSchema, z.record(z.string().regex(/^[0-9]+$/), labCustomerSchema)]),
          },
        },
        problems: ['customer-unknown'],
        handle: async ({ query: { customerId } }, res) => {
          if (customerId !== undefined) return res.json(showLabCustomer(await findCustomer(db, customerId)));
          const all = await listCustomers(db, {});
          res.json(Object.fromEntries(all.map((customer) => [customer.customerId, showLabCustomer(customer)])));
        },
      }),
    },
  });
