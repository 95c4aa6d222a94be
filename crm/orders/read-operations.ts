import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readPage } from '../../packages/database/pages.ts';
import { type Operation, operation } from '../../packages/http/operation.ts';
import { conditionalReadHeaders, sendVersion } from '../../packages/http/preconditions.ts';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase } from '../database/index.ts';
import { readPlace } from './customer-orders.ts';
import { orderUnknown } from './decide.ts';
import { type RecordedEvent, readEvents } from './event-store/index.ts';
import { isOrderId, loadOrder, type PastState } from './load-order.ts';
import type { Order } from './order.ts';
import { orderPath, orderResponse, showOrder } from './order-schemas.ts';

const maxVersion = 2 ** 31 - 1;
const versionFormat = `a whole number from 1 to ${maxVersion}`;
const optionalVersion = z
  .string(versionFormat)
  .regex(/^[1-9][0-9]{0,9}$/, { error: versionFormat, abort: true })
  .transform(Number)
  .refine((version) => version <= maxVersion, versionFormat)
  .optional()
  .meta({ examples: ['1'] });
const timeFormat = 'a time such as 2026-11-21T12:00:00Z, and not combined with `version`';

const pastQuery = z
  .strictObject({
    version: optionalVersion,
    at: z.iso
      .datetime({ offset: true, error: timeFormat })
      .optional()
      .meta({ examples: ['2026-11-26T12:00:00Z'] }),
  })
  .refine(({ version, at }) => version === undefined || at === undefined, { path: ['at'], message: timeFormat });

const eventSchema = z
  .object({
    version: z.int().min(1),
    type: z.string().meta({ description: 'With the version of its schema, for example OrderCreated.v2.' }),
    data: z.record(z.string(), z.unknown()),
    metadata: z.object({
      actor: z.string().nullable(),
      correlationId: z.string(),
      causationId: z.string(),
      traceparent: z.string().nullable(),
    }),
    recordedAt: z.iso.datetime(),
  })
  .meta({
    id: 'OrderEvent',
    examples: [
      {
        version: 2,
        type: 'OrderUpdated.v1',
        data: { quantity: 2 },
        metadata: {
          actor: '42',
          correlationId: '7f6f9c1e-1111-4c59-9d6c-000000000001',
          causationId: '7f6f9c1e-2222-4c59-9d6c-000000000002',
          traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        },
        recordedAt: '2026-11-26T12:00:00.123Z',
      },
    ],
  });

const eventsQuery = z.strictObject({
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
  after: optionalVersion.meta({
    description: 'The version after which the page begins, taken from `next`.',
    examples: ['1'],
  }),
});

type Db = Kysely<CrmDatabase>;

/** `GET /orders/{orderId}` */
export const readOperation = (db: Db): Operation =>
  operation({
    summary: 'One order, now or in the past',
    description:
      'With `version` or `at`, the order as of that version or time, both included. `place` is always the current one.',
    path: orderPath,
    query: pastQuery,
    headers: z.object(conditionalReadHeaders),
    responses: { 200: orderResponse, 304: { description: 'The client already has this version.' } },
    errors: ['order-unknown', 'order-state-unknown'],
    handle: async ({ path: { orderId }, query: { version, at }, headers }, res) => {
      const order = await findOrder(db, orderId, { version, at: at === undefined ? undefined : Date.parse(at) });
      sendVersion(res, order.version, showOrder(order, await readPlace(db, orderId)), headers);
    },
  });

/** `GET /orders/{orderId}/events` */
export const eventsOperation = (db: Db): Operation =>
  operation({
    summary: 'The events of an order',
    description: 'Every event as it was recorded, the oldest first.',
    path: orderPath,
    query: eventsQuery,
    responses: {
      200: {
        description: 'A page. `next` is the path of the next page, null on the last one.',
        schema: z.object({ items: z.array(eventSchema), next: z.string().nullable() }),
      },
    },
    errors: ['order-unknown'],
    handle: async ({ path: { orderId }, query: { limit, after = 0 } }, res) => {
      await findOrder(db, orderId, { version: 1 });
      const { items, next } = await readPage(limit, (rows) => readEvents(db, orderId, { after, limit: rows }));
      res.json({
        items: items.map((event) => ({ ...event, recordedAt: new Date(event.recordedAt).toISOString() })),
        next: next ? `/orders/${orderId}/events?limit=${limit}&after=${next.version}` : null,
      });
    },
  });

/** @throws DomainError order-unknown, order-state-unknown when the order had no such version, or did not exist at that time */
const findOrder = async (db: Db, orderId: string, past: PastState): Promise<Order> => {
  const order = (await loadOrder(db, orderId, past))?.order;
  if (!order) {
    const [first]: RecordedEvent[] = isOrderId(orderId) ? await readEvents(db, orderId, { after: 0, limit: 1 }) : [];
    if (!first) throw orderUnknown(orderId);
    const createdAt = new Date(first.recordedAt).toISOString();
    throw new DomainError(
      'order-state-unknown',
      `Order ${orderId} did not exist then: it was created at ${createdAt}.`,
      {
        facts: { createdAt },
      },
    );
  }
  if (order.version < (past.version ?? 0))
    throw new DomainError(
      'order-state-unknown',
      `Order ${orderId} has no version ${past.version}: its last one is ${order.version}.`,
      {
        facts: { lastVersion: order.version },
      },
    );
  return order;
};
