import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readPage } from '../../../packages/database/pages.ts';
import { operation, type Routes, withTag } from '../../../packages/http/operation.ts';
import { wholeNumber } from '../../../packages/http/whole-number.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { customerPath } from '../show-customer.ts';
import {
  findCustomerNumber,
  type HistoryPlace,
  mandateChangeSchema,
  mandateHistory,
  mandatesInForce,
} from './mandate-history.ts';

const place = 'a place such as 1700000000000-7733, as `next` has it';
const moment = 'a time such as 2026-11-21T12:00:00Z, and not together with `after`';

const historyQuery = z
  .strictObject({
    limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, otherwise: 100 }),
    after: z
      .string(place)
      .regex(/^[0-9]{1,16}-[0-9A-Z-]{1,64}$/, place)
      .optional(),
    at: z.iso.datetime({ offset: true, error: moment }).optional(),
  })
  .refine(({ at, after }) => at === undefined || after === undefined, { path: ['at'], message: moment });

export const mandateHistoryRoutes = ({ db }: { db: Kysely<CrmDatabase> }): Routes =>
  withTag('Customers', {
    '/customers/:customerId/mandate-history': {
      get: operation({
        summary: 'What a customer allowed, and when',
        description:
          'Every change of a mandate of every connection that the customer ever had, the newest first, with who, channel ' +
          'and reference; it outlives the customer. With `at`, what was in force at that moment: the last change of each ' +
          'connection that the customer had had by then, in one page. One that was given up has mandate 0.',
        path: customerPath,
        query: historyQuery,
        responses: {
          200: {
            description: 'A page; `next` is the path of the next one, null on the last.',
            schema: z.object({ items: z.array(mandateChangeSchema), next: z.string().nullable() }),
          },
        },
        errors: ['customer-unknown'],
        handle: async ({ path: { customerId }, query: { limit, after, at } }, res) => {
          const number = await findCustomerNumber(db, customerId);
          if (at !== undefined)
            return void res.json({ items: await mandatesInForce(db, number, Date.parse(at)), next: null });
          const from = after === undefined ? undefined : placeOf(after);
          const page = await readPage(limit, (rows) => mandateHistory(db, number, { limit: rows, after: from }));
          res.json({ items: page.items, next: page.next ? pathOf(customerId, limit, page.next) : null });
        },
      }),
    },
  });

const pathOf = (customerId: string, limit: number, { revision, connectionId }: HistoryPlace) =>
  `/customers/${customerId}/mandate-history?limit=${limit}&after=${revision}-${connectionId}`;

const placeOf = (text: string): HistoryPlace => {
  const dash = text.indexOf('-');
  return { revision: Number(text.slice(0, dash)), connectionId: text.slice(dash + 1) };
};
