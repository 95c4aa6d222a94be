import type { z } from 'zod';
import { operation, type Routes, withTag } from './operation.ts';

/** `/status`: what people want to know of a service that runs. @param query what the request may say, where it may */
export const statusRoutes = <Schema extends z.ZodType, Query extends z.ZodObject>(
  schema: Schema,
  read: (query: z.output<Query>) => Promise<z.input<Schema>>,
  query?: Query,
): Routes =>
  withTag('Health', {
    '/status': {
      get: operation({
        summary: 'How far the service is',
        ...(query && { query }),
        responses: { 200: { description: 'Its state.', schema } },
        handle: async (asked, res) => res.json(await read(asked.query as z.output<Query>)),
      }),
    },
  });
