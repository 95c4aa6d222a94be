import { z } from 'zod';
import { greetingMessageSchema, maxGreetingLength } from '../../contracts/events/greeting-posted/schema.ts';
import { lineOfText } from '../../contracts/text.ts';
import { idempotencyKey } from '../../packages/http/idempotency-key.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { traceparentOf } from '../../packages/http/trace.ts';
import type { CrmContext } from '../customers/index.ts';
import { postGreeting } from './post-greeting.ts';

const postedGreetingSchema = z
  .strictObject({ greetingId: z.uuid(), message: greetingMessageSchema, postedAt: z.iso.datetime() })
  .meta({ id: 'PostedGreeting' });

const isCanary = z
  .boolean()
  .optional()
  .meta({
    examples: [false],
    description:
      'Whether it only checks that events arrive. All canaries share one greetingId, and the customer-view shows the latest one.',
  });

export const greetingRoutes = (context: CrmContext): Routes =>
  withTag('Greetings', {
    '/greetings': {
      post: operation({
        summary: 'Post a greeting',
        description:
          'The customer-view shows it in `GET /greetings`. A greeting cannot be changed or deleted, so it must not name a person.',
        headers: z.object({ 'Idempotency-Key': idempotencyKey }),
        body: z.strictObject(
          { message: lineOfText(maxGreetingLength).meta({ examples: ['Good morning'] }), isCanary },
          'a JSON object with a message',
        ),
        responses: { 201: { description: 'The greeting.', schema: postedGreetingSchema } },
        errors: ['key-reused'],
        handle: async ({ headers, body: { message, isCanary } }, res) => {
          const request = { idempotencyKey: headers['Idempotency-Key'], traceparent: traceparentOf(res), isCanary };
          res.status(201).json(await postGreeting(context, message, request));
        },
      }),
    },
  });
