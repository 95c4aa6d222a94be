import { z } from 'zod';
import { idempotencyKey } from '../../../packages/http/idempotency-key.ts';
import { type Operation, operation } from '../../../packages/http/operation.ts';
import { customerDataSchema } from '../customer.ts';
import { type CrmContext, registerCustomer } from './change-customer.ts';
import { changeResponse, originOf, sendChange, suggestUpdate } from './change-response.ts';
import { evidenceHeaders } from './evidence.ts';

/** `POST /customers` */
export const registerOperation = (context: CrmContext): Operation =>
  operation({
    summary: 'Register a customer',
    description:
      'With an Idempotency-Key the request can be repeated for 24 hours: the same body gets the same answer, and the customer ' +
      'is registered once. Errors are not stored.',
    headers: z.object({ 'Idempotency-Key': idempotencyKey, ...evidenceHeaders }),
    body: customerDataSchema,
    responses: {
      201: {
        ...changeResponse,
        headers: {
          ...changeResponse.headers,
          Location: { description: 'The path of the customer.', example: '/customers/9' },
        },
      },
    },
    errors: ['connection-held', 'key-reused', 'answer-erased'],
    handle: async ({ headers, body }, res, req) => {
      const request = { ...originOf(headers, res), idempotencyKey: headers['Idempotency-Key'] };
      const registered = await registerCustomer(context, body, request).catch(suggestUpdate(req));
      sendChange(res.status(201).location(`/customers/${registered.customer.customerId}`), registered);
    },
  });
