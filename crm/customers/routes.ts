import { z } from 'zod';
import { idempotencyKey } from '../../lib/http/idempotency-key.ts';
import { operation, type Routes, tagged } from '../../lib/http/operation.ts';
import { wholeNumber } from '../../lib/http/whole-number.ts';
import { answerChange, changeAnswer, originOf, showUpdateLine } from './change-answer.ts';
import { type CustomerChanges, registerCustomer } from './change-customer.ts';
import { customerDataSchema, customerIdSchema } from './customer.ts';
import { evidenceHeaders } from './evidence.ts';
import { listCustomers } from './find-customers.ts';
import { customerSchema, showCustomer } from './show-customer.ts';

const listQuerySchema = z.strictObject({
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, otherwise: 100 }),
  after: customerIdSchema.optional(),
});

export const customerRoutes = (changes: CustomerChanges): Routes => {
  const { db } = changes;
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
        description:
          'With an Idempotency-Key it may be asked again for 24 hours: the same body gets the same answer, and nothing ' +
          'is done twice. A refusal is not kept.',
        headers: z.object({ 'Idempotency-Key': idempotencyKey, ...evidenceHeaders }),
        body: customerDataSchema,
        answers: { 201: { ...changeAnswer, headers: { ...changeAnswer.headers, Location: 'Where the customer is.' } } },
        problems: ['connection-held', 'key-reused', 'answer-erased'],
        handle: async ({ headers, body }, res, req) => {
          const request = { ...originOf(headers, res), idempotencyKey: headers['Idempotency-Key'] };
          const changed = await registerCustomer(changes, body, request).catch(showUpdateLine(req, body));
          answerChange(res.status(201).location(`/customers/${changed.customer.customerId}`), changed);
        },
      }),
    },
  });
};
