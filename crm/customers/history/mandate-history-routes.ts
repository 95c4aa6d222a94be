import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readPage } from '../../../packages/database/pages.ts';
import { operation, type Routes, withTag } from '../../../packages/http/operation.ts';
import { wholeNumber } from '../../../packages/http/whole-number.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { customerPath } from '../show-customer.ts';
import {
  findCustomerNumber,
  type HistoryCursor,
  mandateChangeSchema,
  readMandateHistory,
  readMandatesInForce,
} from './mandate-history.ts';

const cursorFormat = 'a cursor such as 1700000000000-7733, taken from `next`';
const timeFormat = 'a time such as 2026-11-21T12:00:00Z, and not combined with `after`';

const historyQuery = z
  .strictObject({
    limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
    after: z
      .string(cursorFormat)
      .regex(/^[0-9]{1,16}-[0-9A-Z-]{1,64}$/, cursorFormat)
      .optional()
      .meta({ examples: ['1700000000000-7733'] }),
    at: z.iso
      .datetime({ offset: true, error: timeFormat })
      .optional()
      .meta({ examples: ['2026-11-26T12:00:00Z'] }),
  })
  .refine(({ at, after }) => at === undefined || after === undefined, { path: ['at'], message: timeFormat });

export const mandateHistoryRoutes = ({ db }: { db: Kysely<CrmDatabase> }): Routes =>
  withTag('Customers', {
    '/customers/:customerId/mandate-history': {
      get: operation({
        summary: 'What a customer allowed, and when',
        description:
          'Every change of the mandate of every connection that the customer ever had, the newest first, with who made it, ' +
          'by which channel and with which reference. The history outlives the customer. With `at`, one page with the ' +
          'mandates in force at that time: the last change of each connection that the customer had by then. A connection ' +
          'that the customer gave up has mandate 0.',
        path: customerPath,
        query: historyQuery,
        responses: {
          200: {
            description: 'A page. `next` is the path of the next page, null on the last one.',
            schema: z.object({ items: z.array(mandateChangeSchema), next: z.string().nullable() }),
          },
        },
        errors: ['customer-unknown'],
        handle: async ({ path: { customerId }, query: { limit, after, at } }, res) => {
          const customerNumber = await findCustomerNumber(db, customerId);
          if (at !== undefined)
            return void res.json({ items: await readMandatesInForce(db, customerNumber, Date.parse(at)), next: null });
          const from = after === undefined ? undefined : parseCursor(after);
          const page = await readPage(limit, (rows) =>
            readMandateHistory(db, customerNumber, { limit: rows, after: from }),
          );
          res.json({ items: page.items, next: page.next ? nextPath(customerId, limit, page.next) : null });
        },
      }),
    },
  });

const nextPath = (customerId: string, limit: number, { revision, connectionId }: HistoryCursor) =>
  `/customers/${customerId}/mandate-history?limit=${limit}&after=${revision}-${connectionId}`;

const parseCursor = (text: string): HistoryCursor => {
  const dash = text.indexOf('-');
  return { revision: Number(text.slice(0, dash)), connectionId: text.slice(dash + 1) };
};
