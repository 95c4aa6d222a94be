import { z } from 'zod';
import { idempotencyKey } from '../../../packages/http/idempotency-key.ts';
import { type Operation, operation } from '../../../packages/http/operation.ts';
import { customerDataSchema } from '../customer.ts';
import { changeAnswer, originOf, sendChange, suggestUpdate } from './change-answer.ts';
import { type CrmContext, registerCustomer } from './change-customer.ts';
import { evidenceHeaders } from './evidence.ts';

/** `POST /customers` */
export const registerOperation = (context: CrmContext): Operation =>
  operation({
    summary: 'Register a customer',
    description:
      'With an Idempotency-Key it may be asked again for 24 hours: the same body gets the same answer, and nothing ' +
      'is done twice. A refusal is not kept.',
    headers: z.object({ 'Idempotency-Key': idempotencyKey, ...evidenceHeaders }),
    body: customerDataSchema,
    responses: { 201: { ...changeAnswer, headers: { ...changeAnswer.headers, Location: 'Where the customer is.' } } },
    errors: ['connection-held', 'key-reused', 'answer-erased'],
    handle: async ({ headers, body }, res, req) => {
      const request = { ...originOf(headers, res), idempotencyKey: headers['Idempotency-Key'] };
      const changed = await registerCustomer(context, body, request).catch(suggestUpdate(req, body));
      sendChange(res.status(201).location(`/customers/${changed.customer.customerId}`), changed);
    },
  });
