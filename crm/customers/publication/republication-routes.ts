import { z } from 'zod';
import { maxRevision } from '../../../contracts/cloud-event.ts';
import { customerIdSchema } from '../../../contracts/customer-id.ts';
import { operation, type Routes, withTag } from '../../../packages/http/operation.ts';
import { traceparentOf } from '../../../packages/http/trace.ts';
import type { CrmContext } from '../change/change-customer.ts';
import { customerPath } from '../show-customer.ts';
import { republishCustomer } from './republish-customer.ts';

const revisionFormat = `a revision: a whole number from 0 to ${maxRevision}`;
const customerRepublicationSchema = z.strictObject(
  {
    above: z
      .int(revisionFormat)
      .min(0, revisionFormat)
      .max(maxRevision, revisionFormat)
      .default(0)
      .meta({
        description: 'The new revision is above this one and above the customer’s last revision.',
        examples: [0],
      }),
  },
  'a JSON object',
);

/** The published state, without personal data. */
export const republishedCustomerSchema = z
  .strictObject({
    customerId: customerIdSchema,
    state: z.enum(['record', 'deleted', 'erased']).meta({ description: 'What was published.' }),
    revision: z
      .int()
      .nullable()
      .meta({
        description: 'The new revision; null for an erased customer.',
        examples: [1795694400123],
      }),
  })
  .meta({ id: 'RepublishedCustomer' });

export const customerRepublicationRoutes = (context: CrmContext): Routes =>
  withTag('Customers', {
    '/customers/:customerId/republication': {
      post: operation({
        summary: 'Publish the last state of a customer again',
        description:
          'The record, the deletion or the erasure is published with a higher revision, and so replaces a record on ' +
          'customers-topic that is wrong or cannot be read.',
        path: customerPath,
        body: customerRepublicationSchema,
        responses: { 200: { description: 'The published state.', schema: republishedCustomerSchema } },
        errors: ['customer-unknown', 'revision-too-high'],
        handle: async ({ path, body: { above } }, res) => {
          const request = { above, traceparent: traceparentOf(res) };
          const { kind, ...published } = await republishCustomer(context, path.customerId, request);
          const revision = 'revision' in published ? published.revision : null;
          res.json({ customerId: published.customerId, state: kind, revision });
        },
      }),
    },
  });
