import { expect, it } from 'vitest';
import { parseOrderChange } from '../../contracts/events/order-changed/upcasters.ts';
import { evolve, type Order } from '../../customer-view/orders/order.ts';
import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import { createLastOrderRecords, createOrderRecords } from './order-events.ts';

const work = { seed: 7, orders: 3_000 };

/** The documents that a view has after these records. */
const foldRecords = (records: Iterable<DeliveredRecord>): Map<string | undefined, Omit<Order, 'at'>> => {
  const held = new Map<string | undefined, Order>();
  for (const record of records) held.set(record.key, evolve(held.get(record.key), parseOrderChange(record)));
  return new Map([...held].map(([key, { at: _, ...order }]) => [key, order]));
};

it('the orders are the same for the same seed, and different for another seed', () => {
  const first = foldRecords(createLastOrderRecords(work));
  expect(foldRecords(createLastOrderRecords({ ...work }))).toEqual(first);
  expect(foldRecords(createLastOrderRecords({ ...work, seed: 8 }))).not.toEqual(first);
});

it('the last events of all orders make the same view as all events', () => {
  const all = foldRecords(createOrderRecords(work));
  expect(all.size).toBe(work.orders);
  expect(foldRecords(createLastOrderRecords(work))).toEqual(all);
});

it('customers, products and statuses are unevenly distributed', () => {
  const orders = [...foldRecords(createLastOrderRecords(work)).values()];
  const countBy = (field: 'customerId' | 'productId' | 'status', value: string) =>
    orders.filter((order) => order[field] === value).length;
  expect(countBy('customerId', '1')).toBeGreaterThan(orders.length / 30);
  expect(countBy('productId', 'product-0')).toBeGreaterThan(orders.length / 30);
  expect(new Set(orders.map(({ status }) => status)).size).toBe(5);
});
