import { z } from 'zod';
import { customerIdSchema } from '../../../contracts/customer-id.ts';
import { operation, type Routes, withTag } from '../../../packages/http/operation.ts';
import { streamJsonLists } from '../../../packages/http/stream-json.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { CrmContext } from '../change/change-customer.ts';
import { originOf, revisionHeader } from '../change/change-response.ts';
import { evidenceHeaders } from '../change/evidence.ts';
import { customerPath, customerSchema, removedCustomerPath } from '../show-customer.ts';
import { erasePerson } from './erase-person.ts';
import type { Erasures } from './erasures.ts';
import { exportPerson } from './export-person.ts';

const exportSchema = z
  .looseObject({
    exportedAt: z.iso.datetime(),
    customerId: customerIdSchema,
    erasedAt: z.iso.datetime().nullable(),
    customer: customerSchema.nullable(),
  })
  .meta({
    id: 'PersonalData',
    description:
      'The record, and one list for each other place that stores personal data, under the name of the place.',
  });

/** The body repeats the id of the path, so that a mistyped path erases no one and no HTML form can send the request. */
const erasureRequestSchema = z
  .strictObject({ customerId: z.string('the id in the path, as a string') }, 'a JSON object with the customerId')
  .meta({ id: 'ErasureRequest', examples: [{ customerId: '9' }] });

const erasureSchema = z
  .strictObject({ customerId: customerIdSchema, erasedAt: z.iso.datetime() })
  .meta({ id: 'Erasure' });

export const personalDataRoutes = (context: CrmContext, erasures: Erasures): Routes =>
  withTag('Personal data', {
    '/customers/:customerId/export': {
      get: operation({
        summary: 'All personal data of one person',
        description: 'Also for a deleted customer.',
        path: customerPath,
        responses: {
          200: {
            description: 'The export, as a file to save.',
            schema: exportSchema,
            headers: {
              'Content-Disposition': {
                description: 'The name of the file.',
                example: 'attachment; filename="customer-7.json"',
              },
            },
          },
        },
        errors: ['customer-unknown'],
        handle: async ({ path }, res) => {
          const { record, lists } = await exportPerson(context, erasures.sources, path.customerId);
          res.attachment(`customer-${path.customerId}.json`);
          await streamJsonLists(res, record, lists);
        },
      }),
    },
    '/customers/:customerId/erasure': {
      post: operation({
        summary: 'Erase a person',
        description:
          'Erases everything that names the person, and revokes the connection. The evidence of consent stays under the ' +
          'customerId. Also for a deleted customer. The request can be repeated; an erasure cannot be undone. The body ' +
          'repeats the `customerId` of the path. The example is the customer that `POST /customers` registers with its example.',
        path: removedCustomerPath,
        headers: z.object(evidenceHeaders),
        body: erasureRequestSchema,
        responses: { 200: { description: 'The person is erased.', schema: erasureSchema, headers: revisionHeader } },
        errors: ['customer-unknown', 'database-in-use'],
        handle: async ({ path, headers, body }, res) => {
          if (body.customerId !== path.customerId) throw idMismatch(path.customerId);
          const { mandateRevision, ...erasure } = await erasePerson(
            context,
            erasures,
            path.customerId,
            originOf(headers, res),
          );
          if (mandateRevision !== undefined) res.set('Mandate-Revision', String(mandateRevision));
          res.json(erasure);
        },
      }),
    },
  });

const idMismatch = (customerId: string) => {
  const expected = `${customerId}, the id in the path`;
  return new DomainError('invalid-body', `customerId: ${expected}`, { errors: [{ field: 'customerId', expected }] });
};
