import type { z } from 'zod';
import { operation, type Routes, withTag } from './operation.ts';

/** `/status`: the state of a running service. @param query the schema of the query, if there is one */
export const statusRoutes = <Schema extends z.ZodType, Query extends z.ZodObject>(
  schema: Schema,
  read: (query: z.output<Query>) => Promise<z.input<Schema>>,
  query?: Query,
): Routes =>
  withTag('Health', {
    '/status': {
      get: operation({
        summary: 'The state of the service',
        ...(query && { query }),
        responses: { 200: { description: 'Its state.', schema } },
        handle: async (request, res) => res.json(await read(request.query as z.output<Query>)),
      }),
    },
  });
