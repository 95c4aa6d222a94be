import type { Kysely } from 'kysely';
import { z } from 'zod';
import { greetingMessageSchema } from '../../contracts/events/greeting-posted/schema.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import type { View } from '../../packages/projections/view.ts';
import { type CustomerViewDatabase, viewErrors } from '../queries/index.ts';
import type { Greeting } from './greeting.ts';

const greetingSchema = z
  .object({ greetingId: z.uuid(), message: greetingMessageSchema, postedAt: z.iso.datetime() })
  .meta({ id: 'Greeting' });

export const greetingRoutes = (db: Kysely<CustomerViewDatabase>, greetings: View<Greeting>): Routes =>
  withTag('Greetings', {
    '/greetings': {
      get: operation({
        summary: 'The latest greetings, newest first',
        query: z.strictObject({
          limit: wholeNumber('a whole number from 1 to 100', { min: 1, max: 100, defaultValue: 20 }),
        }),
        responses: {
          200: { description: 'The greetings.', schema: z.object({ items: z.array(greetingSchema) }) },
        },
        errors: viewErrors,
        handle: async ({ query: { limit } }, res) =>
          res.json({
            items: await greetings.query(async ({ number }) => {
              const rows = await db
                .selectFrom('greetings')
                .select('document')
                .where('generation', '=', number)
                .where('postedAt', 'is not', null)
                .orderBy('postedAt', 'desc')
                .orderBy('key', 'desc')
                .limit(limit)
                .execute();
              return rows.map(({ document }): Greeting => JSON.parse(document));
            }),
          }),
      }),
    },
  });
