import type { z } from 'zod';
import { operation, type Routes, tagged } from './operation.ts';

/** `/status`: what people want to know of a service that runs. */
export const statusRoutes = <Schema extends z.ZodType>(schema: Schema, read: () => Promise<z.input<Schema>>): Routes =>
  tagged('Health', {
    '/status': {
      get: operation({
        summary: 'How far the service is',
        answers: { 200: { description: 'Its state.', schema } },
        handle: async (_asked, res) => res.json(await read()),
      }),
    },
  });
