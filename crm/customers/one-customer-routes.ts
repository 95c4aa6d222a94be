import { z } from 'zod';
import { customerIdSchema } from '../../contracts/customer-id.ts';
import { acceptNumber } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import {
  conditionalReadHeaders,
  conditionalWriteHeaders,
  createWriteCheck,
  sendVersion,
} from '../../packages/http/preconditions.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import { type CrmContext, changeCustomer, replaceCustomer } from './change/change-customer.ts';
import {
  changeResponse,
  customerResponse,
  originOf,
  revisionHeader,
  sendChange,
  suggestUpdate,
} from './change/change-response.ts';
import { evidenceHeaders } from './change/evidence.ts';
import { parseChange } from './change/parse-change.ts';
import { applyPatch, type CustomerData, customerDataSchema, customerPatchSchema } from './customer.ts';
import { findCustomer } from './find-customers.ts';
import type { Erasures } from './personal-data/erasures.ts';
import { deleteCustomer } from './personal-data/remove-customer.ts';
import { customerPath, removedCustomerPath, showCustomer } from './show-customer.ts';

/** The body of a GET can be sent back unchanged: fields that a caller cannot change are accepted and ignored. */
const replacementSchema = customerDataSchema
  .extend({
    customerId: acceptNumber(customerIdSchema, { minimum: 1 }).optional().meta({ description: 'The id in the path.' }),
    createdAt: z.iso.datetime('a time in UTC').optional(),
    updatedAt: z.iso.datetime('a time in UTC').optional(),
    version: z
      .int('a whole number')
      .optional()
      .meta({ examples: [1] }),
  })
  .meta({
    id: 'CustomerReplacement',
    examples: [
      { firstName: 'Corinne', lastName: 'Lopez', city: 'Enschede', connectionId: '7733', connectionMandate: '1' },
    ],
  });

const changeHeaders = z.object({ ...conditionalWriteHeaders, ...evidenceHeaders });

export const oneCustomerRoutes = (context: CrmContext, erasures: Erasures): Routes => {
  const { db } = context;

  const replace = (summary: string) =>
    operation({
      summary,
      path: customerPath,
      headers: changeHeaders,
      body: replacementSchema,
      parseBody: (sent) => (stored: CustomerData) => parseChange(replacementSchema, sent, stored),
      responses: { 200: changeResponse },
      errors: ['customer-unknown', 'version-differs', 'connection-held'],
      handle: async ({ path, headers, body }, res, req) => {
        const request = { ...originOf(headers, res), precondition: createWriteCheck(headers) };
        const replacing = replaceCustomer(
          context,
          path.customerId,
          (stored) => {
            const { customerId = path.customerId, createdAt, updatedAt, version, ...data } = body(stored);
            if (customerId !== path.customerId) throw idMismatch(path.customerId);
            return data;
          },
          request,
        );
        sendChange(res, await replacing.catch(suggestUpdate(req)));
      },
    });

  return withTag('Customers', {
    '/customers/:customerId': {
      get: operation({
        summary: 'One customer',
        path: customerPath,
        headers: z.object(conditionalReadHeaders),
        responses: { 200: customerResponse, 304: { description: 'The client already has this version.' } },
        errors: ['customer-unknown'],
        handle: async ({ path, headers }, res) => {
          const customer = await findCustomer(db, path.customerId);
          sendVersion(res, customer.version, showCustomer(customer), headers);
        },
      }),
      put: replace('Replace a customer’s whole record'),
      post: replace('Replace a customer’s whole record (legacy)'),
      patch: operation({
        summary: 'Change a part of a customer’s record',
        description:
          'A JSON merge patch (RFC 7396): omitted fields stay, and null removes an e-mail address or a phone number.',
        path: customerPath,
        headers: changeHeaders,
        body: customerPatchSchema,
        parseBody: (sent) => (stored: CustomerData) => parseChange(customerPatchSchema, sent, stored),
        bodyTypes: ['application/merge-patch+json', 'application/json'],
        responses: { 200: changeResponse },
        errors: ['customer-unknown', 'version-differs', 'connection-held'],
        handle: async ({ path, headers, body }, res, req) => {
          const request = { ...originOf(headers, res), precondition: createWriteCheck(headers) };
          const changing = changeCustomer(
            context,
            path.customerId,
            (stored) => applyPatch(stored, body(stored)),
            request,
          );
          sendChange(res, await changing.catch(suggestUpdate(req)));
        },
      }),
      delete: operation({
        summary: 'Delete a customer, and revoke the connection',
        description:
          'The evidence of consent stays; an erasure removes from it the texts that may name the person. Rows of import ' +
          'reports about the customer are deleted. The example is the customer that `POST /customers` registers with its example.',
        path: removedCustomerPath,
        headers: changeHeaders,
        responses: { 204: { description: 'The customer is deleted.', headers: revisionHeader } },
        errors: ['customer-unknown', 'version-differs'],
        handle: async ({ path, headers }, res) => {
          const request = { ...originOf(headers, res), precondition: createWriteCheck(headers) };
          const revision = await deleteCustomer(context, path.customerId, request, erasures);
          res.status(204).set('Mandate-Revision', String(revision)).end();
        },
      }),
    },
  });
};

const idMismatch = (customerId: string) => {
  const expected = `${customerId}, the id in the path, or omit it`;
  return new DomainError('invalid-body', `customerId: ${expected}`, { errors: [{ field: 'customerId', expected }] });
};
