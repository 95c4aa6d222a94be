import type { Kysely } from 'kysely';
import { z } from 'zod';
import { customerIdSchema } from '../../contracts/customer-id.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import type { View } from '../../packages/projections/view.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import {
  type CustomerViewDatabase,
  createNextPath,
  createPageParameters,
  createPageSchema,
  readAtLeast,
  readCursor,
  readYourWrites,
  viewErrors,
  writeCursor,
} from '../queries/index.ts';
import type { Customer } from './customer.ts';
import { cursorTypesOf, customerSorts, listCustomers } from './list-customers.ts';
import { customerSchema, showCustomer } from './show-customer.ts';

const querySchema = z.strictObject({
  email: z
    .string('an e-mail address')
    .min(1)
    .max(254)
    .optional()
    .meta({
      description: 'The exact address.',
      examples: ['corinne@example.org'],
    }),
  sort: z.enum(customerSorts, `one of ${customerSorts.join(', ')}`).default('customerId'),
  ...createPageParameters('/customers customerId', [7]),
});

export const customerRoutes = (db: Kysely<CustomerViewDatabase>, customers: View<Customer>): Routes =>
  withTag('Customers', {
    '/customers': {
      get: operation({
        summary: 'Customers, page by page',
        description: 'Without deleted and erased customers. `name` sorts by last name and first name.',
        query: querySchema,
        responses: { 200: { description: 'A page.', schema: createPageSchema(customerSchema) } },
        errors: viewErrors,
        handle: async ({ query }, res) => {
          const { limit, after, ...filter } = query;
          const cursor = readCursor(after, `/customers ${filter.sort}`, cursorTypesOf(filter.sort));
          res.json(
            await customers.query(async (generation, { deadLetters = 0 }) => {
              const page = await listCustomers(db, generation, { ...filter, after: cursor, limit });
              return {
                items: page.items.flatMap((customer) => showCustomer(customer) ?? []),
                next: createNextPath(
                  '/customers',
                  { ...filter, limit },
                  page.next && writeCursor(`/customers ${filter.sort}`, page.next),
                ),
                ...(deadLetters > 0 && { unreadable: deadLetters }),
              };
            }),
          );
        },
      }),
    },
    '/customers/:customerId': {
      get: operation({
        summary: 'One customer',
        description: 'With the version of your change as `minVersion`, the answer has that change or a later one.',
        path: z.object({ customerId: customerIdSchema }),
        query: readYourWrites,
        responses: { 200: { description: 'The customer.', schema: customerSchema } },
        errors: ['customer-unknown', 'customer-erased', 'version-not-here-yet', ...viewErrors],
        handle: async ({ path, query }, res) => {
          const customer = await readAtLeast(customers, path.customerId, query, versionOf);
          res.json(showCustomer(customer) ?? refuse(path.customerId, customer));
        },
      }),
    },
  });

/** An erasure is the last change of a customer. */
const versionOf = (customer: Customer) => ('isErased' in customer ? Number.POSITIVE_INFINITY : customer.version);

const refuse = (customerId: string, customer: Customer | undefined): never => {
  if (customer && 'isErased' in customer)
    throw new DomainError('customer-erased', `Customer ${customerId} has been erased.`);
  throw new DomainError('customer-unknown', `No customer ${customerId} is known.`);
};
