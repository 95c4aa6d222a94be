import { expect, it } from 'vitest';
import { canSortByTotal, ordersPath } from './order-filters.ts';

it('chooses the list of the customer-view that has the filters', () => {
  expect(ordersPath({})).toBe('/customer-orders?');
  expect(ordersPath({ names: 'no', status: 'pending', from: '2026-11-01' })).toBe(
    '/orders?status=pending&from=2026-11-01',
  );
  expect(ordersPath({ customer: ' 7 ', names: 'no', product: 'p1', sort: '-total' })).toBe(
    '/customers/7/orders?product=p1&sort=-total',
  );
  expect(ordersPath({ customer: '../7?x' })).toBe('/customers/..%2F7%3Fx/orders?');
  expect([canSortByTotal({ customer: '7' }), canSortByTotal({ customer: ' ' })]).toEqual([true, false]);
});
