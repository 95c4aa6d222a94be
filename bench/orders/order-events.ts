import { createOrderChangedEvent, type OrderState } from '../../contracts/events/order-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import { scramble } from '../work.ts';
import { createRecords } from './records.ts';

/** The orders of a benchmark, the same for the same seed. */
export type OrderWork = { readonly seed: number; readonly orders: number };

const productCount = 5_000;
const ordersPerCustomer = 10;
const begin = Date.UTC(2023, 11, 1);
const spanMs = Date.UTC(2026, 10, 21) - begin;
const dayMs = 24 * 60 * 60 * 1000;
/** How many orders are created until an order gets its second and its third event. */
const createdUntil = { 2: 500, 3: 2_000 } as const;

export const customerCount = ({ orders }: OrderWork): number => Math.ceil(orders / ordersPerCustomer);

/**
 * Creates the nth order in its last state. The distribution is uneven: the largest of the customers has about one order in twenty and
 * most have a few; the most popular of 5,000 products is in one order of seventeen; three orders in four are delivered.
 */
export const createOrder = (work: OrderWork, n: number): OrderState => {
  const share = (salt: number) => scramble(work.seed + salt, n) / 2 ** 32;
  const digits = (salt: number, length: number) =>
    scramble(work.seed + salt, n)
      .toString(16)
      .padStart(8, '0')
      .slice(0, length);
  const quantity = 1 + Math.floor(share(1) ** 3 * 1_000);
  const currency = share(2) < 0.8 ? 'EUR' : share(2) < 0.95 ? 'USD' : 'GBP';
  const unitPrice = { amount: 100 + Math.floor(share(3) ** 2 * 99_900), currency };
  const createdAt = begin + Math.floor(((n + share(4)) / work.orders) * spanMs);
  const id = n.toString(16).padStart(12, '0');
  return {
    orderId: `${digits(5, 8)}-${digits(6, 4)}-4${digits(7, 3)}-8${digits(8, 3)}-${id}`,
    ...lastStatus(share(9)),
    customerId: String(1 + Math.floor(customerCount(work) * share(10) ** 4)),
    productId: `product-${Math.floor(productCount * share(11) ** 3)}`,
    quantity,
    unitPrice,
    total: { amount: quantity * unitPrice.amount, currency },
    expectedDeliveryDate: new Date(createdAt + Math.ceil(share(12) * 30) * dayMs).toISOString().slice(0, 10),
    createdAt: new Date(createdAt).toISOString(),
  };
};

const lastStatus = (share: number): Pick<OrderState, 'status' | 'version'> => {
  if (share < 0.76) return { status: 'delivered', version: 3 };
  if (share < 0.86) return { status: 'cancelled', version: 2 };
  if (share < 0.94) return { status: 'shipped', version: 2 };
  return share < 0.98 ? { status: 'pending', version: 1 } : { status: 'rejected', version: 2 };
};

/** The order as of one of its versions. */
const atVersion = (order: OrderState, version: number): OrderState => {
  if (version === order.version) return order;
  return { ...order, version, status: version === 1 ? 'pending' : 'shipped' };
};

const toEvent = (state: OrderState) => {
  const time = new Date(Date.parse(state.createdAt) + (state.version - 1) * dayMs);
  return createOrderChangedEvent(state, { id: `${state.orderId}-${state.version}`, time });
};

/** All events of the orders as the CRM publishes them: the events of an order have those of other orders between them. */
export const createOrderRecords = (work: OrderWork): Generator<DeliveredRecord> =>
  createRecords(topics.orders, createOrderEvents(work));

function* createOrderEvents(work: OrderWork) {
  for (let n = 0; n < work.orders + createdUntil[3]; n++) {
    if (n < work.orders) yield toEvent(atVersion(createOrder(work, n), 1));
    for (const version of [2, 3] as const) {
      const earlier = n - createdUntil[version];
      if (earlier < 0 || earlier >= work.orders) continue;
      const order = createOrder(work, earlier);
      if (order.version >= version) yield toEvent(atVersion(order, version));
    }
  }
}

/** One event per order, with its last state: a view of them has the same documents as a view of all events. */
export const createLastOrderRecords = (work: OrderWork): Generator<DeliveredRecord> =>
  createRecords(
    topics.orders,
    (function* () {
      for (let n = 0; n < work.orders; n++) yield toEvent(createOrder(work, n));
    })(),
  );
