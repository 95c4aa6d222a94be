import type { z } from 'zod';
import { operation, type Routes, withTag } from './operation.ts';

/** `/status`: the state of a running service. `query` is the schema of the query parameters; without it they are ignored. */
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
        responses: { 200: { description: 'The state of the service.', schema } },
        handle: async (request, res) => res.json(await read(request.query as z.output<Query>)),
      }),
    },
  });
