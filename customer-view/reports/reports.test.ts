import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openCustomerView, orderEvent, orderState, registrationEvent } from '../../tests/customer-view-app.ts';

const inMonth = (month: string) => `2026-${month}-15T12:00:00.000Z`;
const price = (amount: number, currency = 'EUR') => ({ amount, currency });

const openWithOrders = async () => {
  const opened = await openCustomerView();
  const orders = [
    orderState(1, { createdAt: inMonth('10'), quantity: 2, unitPrice: price(500) }),
    orderState(2, { createdAt: inMonth('10'), quantity: 1, unitPrice: price(700), status: 'cancelled', version: 2 }),
    orderState(3, { createdAt: inMonth('10'), productId: 'p2', quantity: 5, unitPrice: price(100) }),
    orderState(4, { createdAt: inMonth('11'), quantity: 3, unitPrice: price(100, 'USD') }),
    orderState(5, { createdAt: inMonth('11'), quantity: 4, unitPrice: price(100), customerId: '8' }),
  ];
  await opened.publishAll(topics.orders, orders.map(orderEvent));
  await opened.settle();
  return opened;
};
const sums = (currency: string, orders: number, quantity: string, total: string) => ({
  currency,
  orders,
  quantity,
  total,
});

describe('the report of orders', () => {
  it('groups by month and product, and never adds currencies', async () => {
    const { app } = await openWithOrders();
    const { body } = await request(app).get('/reports/orders?by=month,product').expect(200);
    expect(body).toEqual({
      items: [
        { month: '2026-10', product: 'p1', ...sums('EUR', 2, '3', '1700') },
        { month: '2026-10', product: 'p2', ...sums('EUR', 1, '5', '500') },
        { month: '2026-11', product: 'p1', ...sums('EUR', 1, '4', '400') },
        { month: '2026-11', product: 'p1', ...sums('USD', 1, '3', '300') },
      ],
      next: null,
    });
  });

  it.each([
    ['by=month', ['2026-10 EUR', '2026-11 EUR', '2026-11 USD']],
    ['by=product', ['p1 EUR', 'p1 USD', 'p2 EUR']],
    ['by=status,month', ['cancelled 2026-10 EUR', 'pending 2026-10 EUR', 'pending 2026-11 EUR', 'pending 2026-11 USD']],
    ['by=month&product=p2', ['2026-10 EUR']],
    ['by=month&status=cancelled', ['2026-10 EUR']],
    ['by=month&from=2026-11-01', ['2026-11 EUR', '2026-11 USD']],
    ['by=month,month', ['2026-10 EUR', '2026-11 EUR', '2026-11 USD']],
  ])('%s, page by page', async (query, expected) => {
    const { app } = await openWithOrders();
    const found: string[] = [];
    for (let next = `/reports/orders?${query}&limit=1`; next; ) {
      const { body } = await request(app).get(next).expect(200);
      for (const { orders: _, quantity: __, total: ___, ...group } of body.items)
        found.push(Object.values(group).join(' '));
      ({ next } = body);
    }
    expect(found).toEqual(expected);
  });

  it('adds totals beyond what a JSON number holds', async () => {
    const { app, publishAll, settle } = await openCustomerView();
    const amount = Number.MAX_SAFE_INTEGER;
    const states = [1, 2, 3, 4].map((n) => orderState(n, { quantity: 1, unitPrice: price(amount) }));
    await publishAll(topics.orders, states.map(orderEvent));
    await settle();
    const { body } = await request(app).get('/reports/orders?by=month').expect(200);
    expect(body.items).toEqual([{ month: '2026-11', ...sums('EUR', 4, '4', String(4n * BigInt(amount))) }]);
  });

  it.each(['by=day', 'by=', 'by=month,', 'by=currency'])('refuses %s', async (query) => {
    const { app } = await openCustomerView();
    const { body } = await request(app).get(`/reports/orders?${query}`).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: 'by' })]);
  });
});

describe('the report of new customers', () => {
  it('counts each customer in the month of the first registration', async () => {
    const { app, publishAll, settle } = await openCustomerView();
    await publishAll(topics.customerRegistrations, [
      registrationEvent('7', inMonth('10')),
      registrationEvent('7', inMonth('12')),
      registrationEvent('8', inMonth('10')),
      registrationEvent('9', '2026-10-31T23:59:59.999Z'),
      registrationEvent('10', '2026-11-01T00:00:00.000Z'),
    ]);
    await settle();
    const { body } = await request(app).get('/reports/new-customers?by=month').expect(200);
    expect(body).toEqual({
      items: [
        { month: '2026-10', customers: 3 },
        { month: '2026-11', customers: 1 },
      ],
    });
  });
});
