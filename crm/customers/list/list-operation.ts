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
import { cursorPattern, readCursor, writeCursor } from './list-cursor.ts';
import { countCustomers, listPage } from './list-page.ts';
import { planList, sorts } from './list-plan.ts';

const { city, firstName } = customerDataSchema.shape;
const formats = { limit: 'a whole number from 1 to 1000', after: 'what `next` of this very list gives' };
const totalFormat = 'exact, or a whole number from 1 to 100000';
const sortFormat = `one of ${sorts.join(', ')}`;

const querySchema = z.strictObject({
  city: city.optional().meta({ description: 'The whole name, without regard to case and accents.' }),
  connectionMandate: connectionMandateSchema.optional(),
  name: firstName.optional().meta({
    description: 'How “last name first name” begins, without regard to case, accents and apostrophes.',
    examples: ['lop', 'lopez cor'],
  }),
  connectionId: connectionIdSchema.optional(),
  email: z.string('an e-mail address').min(1).max(254).optional().meta({ description: 'The very address.' }),
  sort: z.enum(sorts, sortFormat).optional().meta({ description: 'Downwards with a minus.' }),
  limit: wholeNumber(formats.limit, { min: 1, max: 1000, defaultValue: 100 }),
  after: z.string(formats.after).regex(cursorPattern, formats.after).optional().meta({ description: formats.after }),
  total: z
    .string(totalFormat)
    .regex(/^(?:exact|[1-9][0-9]{0,4}|100000)$/, totalFormat)
    .optional()
    .meta({ description: `Counts as well: all of them, or up to that many. ${totalFormat}.` }),
});

const pageSchema = z.object({
  items: z.array(customerSchema),
  next: z.string().nullable().meta({ description: 'The path of the next page; null on the last.' }),
  total: z
    .union([z.object({ exactly: z.int().min(0) }), z.object({ moreThan: z.int().min(1) })])
    .optional()
    .meta({ description: 'Only where it was asked for.' }),
});

/** `GET /customers` */
export const listOperation = (db: Kysely<CrmDatabase>): Operation =>
  operation({
    summary: 'Customers, page by page',
    description: [
      'Without a filter by `customerId` (unless sorted by `name` or `updatedAt`); with `city`, `connectionMandate` or `name`, in any',
      'combination, by `name`; `connectionId` and `email` stand alone. Any other combination is refused: no index serves it.',
      'Customers that come, go or change between two pages neither repeat nor hide others.',
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
