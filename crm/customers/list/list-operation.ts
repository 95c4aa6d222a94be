import type { Kysely } from 'kysely';
import { z } from 'zod';
import {
  connectionIdSchema,
  connectionMandateSchema,
} from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { type Operation, operation } from '../../../packages/http/operation.ts';
import { wholeNumber } from '../../../packages/http/whole-number.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { customerDataSchema } from '../customer.ts';
import { customerSchema, showCustomer } from '../show-customer.ts';
import { cursorFormat, cursorPattern, readCursor, writeCursor } from './list-cursor.ts';
import { countCustomers, listPage } from './list-page.ts';
import { planList, sorts } from './list-plan.ts';

const { city, firstName } = customerDataSchema.shape;
const totalFormat = 'exact, or a whole number from 1 to 100000';
const sortFormat = `one of ${sorts.join(', ')}`;

const querySchema = z.strictObject({
  city: city.optional().meta({ description: 'The full name of the city, without regard to case and accents.' }),
  connectionMandate: connectionMandateSchema.optional(),
  name: firstName.optional().meta({
    description: 'The beginning of “last name first name”, without regard to case, accents and apostrophes.',
    examples: ['lop', 'lopez cor'],
  }),
  connectionId: connectionIdSchema.optional(),
  email: z
    .string('an e-mail address')
    .min(1)
    .max(254)
    .optional()
    .meta({
      description: 'The exact address.',
      examples: ['corinne@example.org'],
    }),
  sort: z
    .enum(sorts, sortFormat)
    .optional()
    .meta({ description: 'A minus sorts in descending order.', examples: ['name'] }),
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
  after: z
    .string(cursorFormat)
    .regex(cursorPattern, cursorFormat)
    .optional()
    .meta({ description: cursorFormat, examples: ['7'] }),
  total: z
    .string(totalFormat)
    .regex(/^(?:exact|[1-9][0-9]{0,4}|100000)$/, totalFormat)
    .optional()
    .meta({
      description: `Adds a count to the page: of all customers of the list, or up to this many. ${totalFormat}.`,
      examples: ['exact'],
    }),
});

const pageSchema = z.object({
  items: z.array(customerSchema),
  next: z
    .string()
    .nullable()
    .meta({
      description: 'The path of the next page; null on the last one.',
      examples: ['/customers?limit=100&after=7'],
    }),
  total: z
    .union([
      z.object({
        exactly: z
          .int()
          .min(0)
          .meta({ examples: [8] }),
      }),
      z.object({ moreThan: z.int().min(1) }),
    ])
    .optional()
    .meta({ description: 'Only present if the query has `total`.' }),
});

/** `GET /customers` */
export const listOperation = (db: Kysely<CrmDatabase>): Operation =>
  operation({
    summary: 'Customers, page by page',
    description: [
      'Without a filter, sorted by `customerId` (default), `name` or `updatedAt`. With any combination of `city`,',
      '`connectionMandate` and `name`, sorted by `name`. `connectionId` and `email` allow no other filter. Any other',
      'combination is refused, because no index supports it. Changes between two pages neither repeat nor hide other customers.',
    ].join(' '),
    query: querySchema,
    responses: { 200: { description: 'A page.', schema: pageSchema } },
    handle: async ({ query }, res) => {
      const { limit, after, total, ...listQuery } = query;
      const plan = planList(listQuery);
      const cursor = after === undefined ? undefined : readCursor(after, plan);
      const { items, next } = await listPage(db, plan, { after: cursor, limit });
      res.json({
        items: items.map(showCustomer),
        next: next ? nextPath({ ...listQuery, limit, after: writeCursor(next) }) : null,
        ...(total && { total: await count(total) }),
      });

      async function count(wanted: string) {
        const maxCount = wanted === 'exact' ? undefined : Number(wanted);
        const exactly = await countCustomers(db, plan, maxCount);
        return exactly === undefined ? { moreThan: maxCount } : { exactly };
      }
    },
  });

const nextPath = (parameters: Record<string, string | number | undefined>) => {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return `/customers?${new URLSearchParams(given)}`;
};
