import type { OrderState } from '../../contracts/events/order-changed/schema.ts';

/** What a customer orders. The unit price is in minor units of its currency. */
export type OrderData = Pick<
  OrderState,
  'customerId' | 'productId' | 'company' | 'quantity' | 'unitPrice' | 'expectedDeliveryDate'
>;

/** The fields of an order that can change. */
export type OrderChanges = Partial<Pick<OrderData, 'quantity' | 'expectedDeliveryDate'>>;

/** An order as its events make it. Times are in ms since 1970; `version` is the number of its events. */
export type Order = OrderData &
  Pick<OrderState, 'orderId' | 'version' | 'status'> & { readonly createdAt: number; readonly updatedAt: number };

export type OrderCommand =
  | ({ readonly type: 'CreateOrder'; readonly orderId: string } & OrderData)
  | ({ readonly type: 'UpdateOrder'; readonly orderId: string } & OrderChanges)
  | { readonly type: 'ShipOrder' | 'DeliverOrder' | 'CancelOrder' | 'RejectOrder'; readonly orderId: string };

/** The event of each status that an order can be moved to. */
const statusAfter = {
  OrderShipped: 'shipped',
  OrderDelivered: 'delivered',
  OrderCancelled: 'cancelled',
  OrderRejected: 'rejected',
} as const;

/** An event in its current version; `stored-event.ts` reads older versions. */
export type OrderEvent =
  | { readonly type: 'OrderCreated'; readonly data: OrderData & { readonly orderId: string } }
  | { readonly type: 'OrderUpdated'; readonly data: OrderChanges }
  | { readonly type: keyof typeof statusAfter; readonly data: Readonly<Record<string, never>> };

/** `recordedAt` (ms since 1970) never decreases within an order. */
export type RecordedOrderEvent = OrderEvent & { readonly recordedAt: number };

/** Applies the next event of the order. It has no effect outside, so events can be replayed at any time. */
export const evolve = (order: Order | undefined, event: RecordedOrderEvent): Order => {
  const { recordedAt } = event;
  if (event.type === 'OrderCreated')
    return { ...event.data, version: 1, status: 'pending', createdAt: recordedAt, updatedAt: recordedAt };
  if (!order) throw new Error(`a stream of an order begins with ${event.type}`);
  const next = { ...order, version: order.version + 1, updatedAt: recordedAt };
  return event.type === 'OrderUpdated' ? { ...next, ...event.data } : { ...next, status: statusAfter[event.type] };
};

/** The whole state of the order for subscribers. It has no personal data. */
export const toOrderState = ({ updatedAt, createdAt, ...order }: Order): OrderState => ({
  ...order,
  total: { amount: order.quantity * order.unitPrice.amount, currency: order.unitPrice.currency },
  createdAt: new Date(createdAt).toISOString(),
});
