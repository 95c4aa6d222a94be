import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { OrderState } from '../../contracts/events/order-changed/schema.ts';
import type { CrmDatabase } from '../../crm/database/index.ts';
import { insertCustomerOrder } from '../../crm/orders/customer-orders.ts';
import { appendEvents, emptyStream } from '../../crm/orders/event-store/index.ts';
import { loadOrder, writeSnapshotIfDue } from '../../crm/orders/load-order.ts';
import type { OrderEvent } from '../../crm/orders/order.ts';
import { toStoredEvent } from '../../crm/orders/stored-event.ts';

const metadata = { actor: null, correlationId: randomUUID(), causationId: randomUUID(), traceparent: null };
const statusEvents = {
  shipped: ['OrderShipped'],
  delivered: ['OrderShipped', 'OrderDelivered'],
  cancelled: ['OrderCancelled'],
  rejected: ['OrderRejected'],
  pending: [],
} as const;

const createdEvent = ({ version: _, status: __, total: ___, createdAt: ____, ...data }: OrderState): OrderEvent => ({
  type: 'OrderCreated',
  data,
});

/** Appends the events of orders to the event store, in one transaction. */
export const appendOrders = (db: Kysely<CrmDatabase>, orders: readonly OrderState[]): Promise<void> =>
  db.transaction().execute(async (trx) => {
    for (const order of orders) {
      const changes = statusEvents[order.status].map((type): OrderEvent => ({ type, data: {} }));
      const events = [createdEvent(order), ...changes].map(toStoredEvent);
      const now = Date.parse(order.createdAt);
      await appendEvents(trx, order.orderId, emptyStream, events, { now, metadata });
      await insertCustomerOrder(trx, { orderId: order.orderId, customerId: Number(order.customerId), place: null });
    }
  });

const eventsPerTransaction = 500;

/** Appends an order with this many events, most of them updates. */
export const appendLongOrder = async (db: Kysely<CrmDatabase>, order: OrderState, events: number): Promise<void> => {
  const recordedAt = Date.parse(order.createdAt);
  const eventOf = (version: number): OrderEvent =>
    version === 1 ? createdEvent(order) : { type: 'OrderUpdated', data: { quantity: version } };
  for (let version = 0; version < events; version += eventsPerTransaction) {
    const count = Math.min(eventsPerTransaction, events - version);
    const added = Array.from({ length: count }, (_, n) => toStoredEvent(eventOf(version + 1 + n)));
    await db
      .transaction()
      .execute((trx) =>
        appendEvents(trx, order.orderId, { version, recordedAt }, added, { now: recordedAt, metadata }),
      );
  }
};

/** Replaces the snapshot of the order by the one as of a version, as the CRM writes it every 100 events. */
export const replaceSnapshot = async (db: Kysely<CrmDatabase>, orderId: string, version: number): Promise<void> => {
  await db.deleteFrom('orderSnapshot').where('stream', '=', orderId).execute();
  const loaded = await loadOrder(db, orderId, { version });
  if (!loaded) throw new Error(`there is no order ${orderId}`);
  await db.transaction().execute((trx) => writeSnapshotIfDue(trx, loaded));
};
