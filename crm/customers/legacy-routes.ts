import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readPages } from '../../packages/database/pages.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { streamJsonObject } from '../../packages/http/stream-json.ts';
import { waitForLargeResponseTurn } from '../../packages/runtime/yield-to-event-loop.ts';
import type { CrmDatabase } from '../database/index.ts';
import type { CrmContext } from './change/change-customer.ts';
import type { Customer } from './customer.ts';
import { findCustomer, listCustomers } from './find-customers.ts';
import { legacyCustomerSchema, showLegacyCustomer } from './show-customer.ts';

const legacyQuerySchema = z.strictObject({
  customerId: z
    .string('one customerId')
    .min(1, 'a customerId')
    .optional()
    .meta({ examples: ['7'] }),
});

/** The legacy route of the original lab: one customer by query parameter, or all of them as an object keyed by id. */
export const legacyCustomerRoutes = ({ db }: Pick<CrmContext, 'db'>): Routes =>
  withTag('Customers', {
    '/': {
      get: operation({
        summary: 'One customer or all of them (legacy)',
        query: legacyQuerySchema,
        responses: {
          200: {
            description: 'The customer, or all of them as an object keyed by id.',
            schema: z.union([legacyCustomerSchema, z.record(z.string().regex(/^[0-9]+$/), legacyCustomerSchema)]),
          },
        },
        errors: ['customer-unknown'],
        handle: async ({ query: { customerId } }, res) => {
          if (customerId !== undefined) return res.json(showLegacyCustomer(await findCustomer(db, customerId)));
          await streamJsonObject(res, readAllCustomers(db));
        },
      }),
    },
  });

/** Serialising a page blocks the event loop for a millisecond or two. */
const rowsPerPage = 200;

/** Reads all customers by id, page by page, so that few are in memory and other requests are answered in between. */
async function* readAllCustomers(db: Kysely<CrmDatabase>) {
  const pages = readPages<Customer>(rowsPerPage, async (after, limit) => {
    await waitForLargeResponseTurn();
    return listCustomers(db, { after: after?.customerId, limit });
  });
  for await (const page of pages)
    yield page.map((customer) => [customer.customerId, showLegacyCustomer(customer)] as const);
}
