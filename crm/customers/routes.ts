import type { Request, Response } from 'express';
import { z } from 'zod';
import { orNumber } from '../../contracts/connection-mandate.ts';
import { DomainError } from '../../lib/domain-error.ts';
import { type Answer, operation, type Routes, tagged } from '../../lib/http/operation.ts';
import { traceparentOf } from '../../lib/http/trace.ts';
import { wholeNumber } from '../../lib/http/whole-number.ts';
import { type ChangeOrigin, throughApi } from './announce-mandates.ts';
import { type ChangedCustomer, type CustomerChanges, registerCustomer, replaceCustomer } from './change-customer.ts';
import { type CustomerData, customerDataSchema, customerIdSchema } from './customer.ts';
import { findCustomer, listCustomers } from './find-customers.ts';
import { customerSchema, showCustomer } from './show-customer.ts';

const listQuerySchema = z.strictObject({
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, otherwise: 100 }),
  after: customerIdSchema.optional(),
});

// Any text: a customer that cannot be is as unknown as one that is not.
const customerPath = z.object({ customerId: z.string().meta({ examples: ['7'] }) });

/** What a GET answered may be sent back as it is: what a caller cannot change is taken, and changes nothing. */
const replacementSchema = customerDataSchema
  .extend({
    customerId: orNumber(customerIdSchema, { minimum: 1 }).optional().meta({ description: 'The id in the path.' }),
    createdAt: z.iso.datetime('a time in UTC').optional(),
    updatedAt: z.iso.datetime('a time in UTC').optional(),
    version: z.int('a whole number').optional(),
  })
  .meta({ id: 'CustomerReplacement' });

const revisionHeader = {
  'Mandate-Revision': 'The revision of the connection’s mandate: a view that has it shows this change, or a later one.',
};
const theCustomer: Answer = { description: 'The customer.', schema: customerSchema };
const changeAnswer: Answer = { ...theCustomer, headers: revisionHeader };

export const customerRoutes = (changes: CustomerChanges): Routes => {
  const { db } = changes;

  const replace = (summary: string) =>
    operation({
      summary,
      path: customerPath,
      body: replacementSchema,
      answers: { 200: changeAnswer },
      problems: ['customer-unknown', 'connection-held'],
      handle: async ({ path, body }, res, req) => {
        const { customerId = path.customerId, createdAt, updatedAt, version, ...data } = body;
        if (customerId !== path.customerId) throw otherId(path.customerId);
        answer(res, await replaceCustomer(changes, customerId, data, originOf(res)).catch(showUpdateLine(req, data)));
      },
    });

  return tagged('Customers', {
    '/customers': {
      get: operation({
        summary: 'Customers, page by page',
        query: listQuerySchema,
        answers: {
          200: {
            description: 'A page; `next` is the path of the next one, null on the last.',
            schema: z.object({ items: z.array(customerSchema), next: z.string().nullable() }),
          },
        },
        handle: async ({ query: { limit, after } }, res) => {
          const items = await listCustomers(db, { after, limit: limit + 1 });
          const more = items.length > limit ? items.splice(limit) : [];
          const next = more.length > 0 ? `/customers?limit=${limit}&after=${items.at(-1)?.customerId}` : null;
          res.json({ items: items.map(showCustomer), next });
        },
      }),
      post: operation({
        summary: 'Register a customer',
        body: customerDataSchema,
        answers: { 201: { ...changeAnswer, headers: { ...revisionHeader, Location: 'Where the customer is.' } } },
        problems: ['connection-held'],
        handle: async ({ body }, res, req) => {
          const changed = await registerCustomer(changes, body, originOf(res)).catch(showUpdateLine(req, body));
          answer(res.status(201).location(`/customers/${changed.customer.customerId}`), changed);
        },
      }),
    },
    '/customers/:customerId': {
      get: operation({
        summary: 'One customer',
        path: customerPath,
        answers: { 200: theCustomer },
        problems: ['customer-unknown'],
        handle: async ({ path }, res) => res.json(showCustomer(await findCustomer(db, path.customerId))),
      }),
      put: replace('Replace a customer’s whole record'),
      post: replace('Replace a customer’s whole record, the lab’s way'),
    },
  });
};

const originOf = (res: Response): ChangeOrigin => ({ ...throughApi, traceparent: traceparentOf(res) });

/** With the revision a caller can ask a view to wait until it shows this change. */
const answer = (res: Response, { customer, mandateRevision }: ChangedCustomer) =>
  res.set('Mandate-Revision', String(mandateRevision)).json(showCustomer(customer));

const otherId = (customerId: string) => {
  const expected = `${customerId}, the id in the path, or nothing`;
  return new DomainError('invalid-body', `customerId: ${expected}`, { errors: [{ field: 'customerId', expected }] });
};

/** Whoever meant to change the customer that holds the connection gets the line that does it. */
const showUpdateLine = (req: Request, data: CustomerData) => (error: unknown) => {
  if (!(error instanceof DomainError) || error.code !== 'connection-held') throw error;
  const body = JSON.stringify(data).replaceAll("'", String.raw`'\''`);
  const url = `${req.protocol}://${req.get('host')}/customers/${error.facts.holder}`;
  const remedy = `to change that customer: curl -X POST ${url} -H 'Content-Type: application/json' -d '${body}'`;
  throw new DomainError(error.code, error.message, { ...error, remedy });
};
