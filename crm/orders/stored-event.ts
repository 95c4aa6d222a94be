import type { OrderData, OrderEvent } from './order.ts';

/** The type under which the current version of each event is stored. */
const storedTypes = {
  OrderCreated: 'OrderCreated.v2',
  OrderUpdated: 'OrderUpdated.v1',
  OrderShipped: 'OrderShipped.v1',
  OrderDelivered: 'OrderDelivered.v1',
  OrderCancelled: 'OrderCancelled.v1',
  OrderRejected: 'OrderRejected.v1',
} as const satisfies Record<OrderEvent['type'], string>;

export type StoredOrderEvent = { readonly type: string; readonly data: object };

export const toStoredEvent = ({ type, data }: OrderEvent): StoredOrderEvent => ({ type: storedTypes[type], data });

/** Version 1 had the price in cents, always in euros. */
type OrderCreatedV1 = Omit<OrderData, 'unitPrice'> & { readonly orderId: string; readonly unitPrice: number };

/** Converts each older version into the current one. An upcaster stays as long as the log, so it stays forever. */
const upcasters: Readonly<Record<string, (data: never) => OrderEvent>> = {
  'OrderCreated.v1': ({ unitPrice, ...data }: OrderCreatedV1) => ({
    type: 'OrderCreated',
    data: { ...data, unitPrice: { amount: unitPrice, currency: 'EUR' } },
  }),
};

const currentTypes = new Map<string, string>(Object.entries(storedTypes).map(([type, stored]) => [stored, type]));

/** Reads an event of any version. @throws Error when a newer release has stored the event */
export const fromStoredEvent = ({ type, data }: StoredOrderEvent): OrderEvent => {
  const current = currentTypes.get(type);
  if (current) return { type: current, data } as OrderEvent;
  const upcast = Object.hasOwn(upcasters, type) ? upcasters[type] : undefined;
  if (!upcast) throw new Error(`this release does not know the event ${type.slice(0, 100)}`);
  return upcast(data as never);
};
