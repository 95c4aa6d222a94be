import { z } from 'zod';
import { operation, type Routes, withTag } from '../../../packages/http/operation.ts';
import { streamJsonLists } from '../../../packages/http/stream-json.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { originOf, revisionHeader } from '../change/change-answer.ts';
import type { CrmContext } from '../change/change-customer.ts';
import { evidenceHeaders } from '../change/evidence.ts';
import { customerPath, customerSchema } from '../show-customer.ts';
import { erasePerson } from './erase-person.ts';
import type { Erasures } from './erasures.ts';
import { exportPerson } from './export-person.ts';

const exportSchema = z
  .looseObject({
    exportedAt: z.iso.datetime(),
    customerId: z.string(),
    erasedAt: z.iso.datetime().nullable(),
    customer: customerSchema.nullable(),
  })
  .meta({
    id: 'PersonalData',
    description: 'The record, and what each other place holds, under the name of the place.',
  });

/** Repeats the id of the path: no HTML form can send it, and a mistyped path erases no one. */
const erasureRequestSchema = z
  .strictObject({ customerId: z.string('the id in the path, as a string') }, 'a JSON object with the customerId')
  .meta({ id: 'ErasureRequest', examples: [{ customerId: '7' }] });

const erasureSchema = z.strictObject({ customerId: z.string(), erasedAt: z.iso.datetime() }).meta({ id: 'Erasure' });

export const personalDataRoutes = (context: CrmContext, erasures: Erasures): Routes =>
  withTag('Personal data', {
    '/customers/:customerId/export': {
      get: operation({
        summary: 'All that is held on one person',
        description: 'Of a customer that was deleted, too.',
        path: customerPath,
        responses: {
          200: {
            description: 'A file to keep.',
            schema: exportSchema,
            headers: { 'Content-Disposition': 'The name of the file.' },
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
          'Nothing that names the person is left; the connection is revoked; the evidence of consent stays under the ' +
          'number. Also for a customer that was deleted before; may be repeated. It cannot be undone. The body repeats ' +
          'the `customerId` of the path.',
        path: customerPath,
        headers: z.object(evidenceHeaders),
        body: erasureRequestSchema,
        responses: { 200: { description: 'It is done.', schema: erasureSchema, headers: revisionHeader } },
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
