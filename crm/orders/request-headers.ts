import type { Response } from 'express';
import { z } from 'zod';
import { idempotencyKey } from '../../packages/http/idempotency-key.ts';
import { conditionalWriteHeaders, createWriteCheck } from '../../packages/http/preconditions.ts';
import { traceparentOf } from '../../packages/http/trace.ts';
import type { OrderRequest } from './change-order.ts';

const opaque = 'a UUID or 1 to 16 digits, so that it cannot be a name';
const opaqueId = z
  .string(opaque)
  .regex(/^([0-9]{1,16}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/, opaque)
  .optional();

/** The headers of a command. Its id, actor and correlation id become metadata of its events. */
export const commandHeaders = {
  'Idempotency-Key': idempotencyKey,
  'Actor-Id': opaqueId.meta({ description: 'Who sends the command.', examples: ['42'] }),
  'Correlation-Id': opaqueId.meta({
    description: 'What all commands of one business process share. Default: a new UUID.',
    examples: ['7f6f9c1e-1111-4c59-9d6c-000000000001'],
  }),
};

export const changeHeaders = { ...commandHeaders, ...conditionalWriteHeaders };

type CommandHeaders = z.output<z.ZodObject<typeof commandHeaders>> &
  Partial<z.output<z.ZodObject<typeof changeHeaders>>>;

export const toOrderRequest = (headers: CommandHeaders, res: Response): OrderRequest => ({
  actor: headers['Actor-Id'],
  correlationId: headers['Correlation-Id'],
  idempotencyKey: headers['Idempotency-Key'],
  traceparent: traceparentOf(res),
  precondition: createWriteCheck(headers),
});
