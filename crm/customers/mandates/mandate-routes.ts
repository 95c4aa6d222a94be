import { z } from 'zod';
import { maxRevision } from '../../../contracts/cloud-event.ts';
import { connectionIdSchema } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { heldMandateSchema, mandatesPageSchema } from '../../../contracts/mandates-page.ts';
import { operation, type Routes, withTag } from '../../../packages/http/operation.ts';
import { traceparentOf } from '../../../packages/http/trace.ts';
import { wholeNumber } from '../../../packages/http/whole-number.ts';
import type { CrmContext } from '../change/change-customer.ts';
import { revisionHeader } from '../change/change-response.ts';
import { evidenceHeaders } from '../change/evidence.ts';
import { findMandate, listMandates } from './list-mandates.ts';
import { republishMandate } from './republish-mandate.ts';

const notTogether = 'not combined with `connectionId`, which selects one item';

const mandatesQuerySchema = z
  .strictObject({
    limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
    after: connectionIdSchema.optional().meta({ description: 'The last connection of the previous page.' }),
    connectionId: connectionIdSchema.optional(),
  })
  .refine((query) => query.after === undefined || query.connectionId === undefined, {
    path: ['after'],
    message: notTogether,
  });

const revisionFormat = `a revision: a whole number from 0 to ${maxRevision}`;
const republicationSchema = z.strictObject(
  {
    above: z
      .int(revisionFormat)
      .min(0, revisionFormat)
      .max(maxRevision, revisionFormat)
      .default(0)
      .meta({ description: 'The new revision is above this one and above the CRM’s last revision.', examples: [0] }),
  },
  'a JSON object',
);

export const mandateRoutes = (context: CrmContext): Routes =>
  withTag('Mandates', {
    '/mandates': {
      get: operation({
        summary: 'The mandates of all connections, page by page',
        description:
          'Every connection for which the CRM ever issued a revision, by ascending `connectionId`, with its current mandate. A ' +
          'connection that was given up has mandate 0. The list names no person. With `connectionId`: that connection, or no item.',
        query: mandatesQuerySchema,
        responses: { 200: { description: 'A page.', schema: mandatesPageSchema } },
        handle: async ({ query: { connectionId, after, limit } }, res) => {
          if (connectionId !== undefined) {
            const mandate = await findMandate(context.db, connectionId);
            return res.json({ items: mandate ? [mandate] : [], next: null });
          }
          const { items, next } = await listMandates(context.db, { after, limit });
          res.json({ items, next: next === undefined ? null : `/mandates?limit=${limit}&after=${next}` });
        },
      }),
    },
    '/mandates/:connectionId/republication': {
      post: operation({
        summary: 'Publish the current mandate of a connection again, with a higher revision',
        description:
          'A view ignores every revision below the one that it has. If the CRM never issued that one, as after a forged event, ' +
          'this publishes above it, and the revisions of later changes continue from there.',
        path: z.object({ connectionId: connectionIdSchema }),
        headers: z.object({
          'Mandate-Changed-By': evidenceHeaders['Mandate-Changed-By'],
          'Mandate-Reference': evidenceHeaders['Mandate-Reference'],
        }),
        body: republicationSchema,
        responses: {
          200: { description: 'The published mandate.', schema: heldMandateSchema, headers: revisionHeader },
        },
        errors: ['connection-unknown', 'revision-too-high'],
        handle: async ({ path, headers, body: { above } }, res) => {
          const evidence = {
            changedBy: headers['Mandate-Changed-By'] ?? null,
            reference: headers['Mandate-Reference'] ?? null,
          };
          const request = { above, evidence, traceparent: traceparentOf(res) };
          const mandate = await republishMandate(context, path.connectionId, request);
          res.set('Mandate-Revision', String(mandate.revision)).json(mandate);
        },
      }),
    },
  });
