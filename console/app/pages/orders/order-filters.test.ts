import { expect, it } from 'vitest';
import { ordersPath, planOrders } from './order-filters.ts';

it('chooses the list of the customer-view that has the filters', () => {
  expect(ordersPath({})).toBe('/customer-orders?');
  expect(ordersPath({ names: 'no', status: 'pending', from: '2026-11-01', sort: 'createdAt' })).toBe(
    '/orders?status=pending&from=2026-11-01&sort=createdAt',
  );
  expect(ordersPath({ customer: '7', names: 'no', product: 'p1', sort: '-total' })).toBe(
    '/customers/7/orders?product=p1&sort=-total',
  );
  expect(ordersPath({ customer: '../7?x' })).toBe('/customers/..%2F7%3Fx/orders?');
});

it('sorts by total the orders of one customer only', () => {
  expect(planOrders({ customer: '7' }).sorts.map(([sort]) => sort)).toContain('-total');
  expect(planOrders({}).reason).toContain('one customer');
  expect(ordersPath({ sort: '-total' })).toBe('/customer-orders?');
});
