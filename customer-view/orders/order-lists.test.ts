import type { Express } from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import type { OrderState } from '../../contracts/events/order-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { openCustomerView, orderEvent, orderIdOf, orderState } from '../../tests/customer-view-app.ts';
import { noon } from '../../tests/test-runtime.ts';

const price = (amount: number) => ({ unitPrice: { amount, currency: 'EUR' } });
const timeOf = (n: number) => new Date(noon + n * 1_000).toISOString();

/** Eight orders in the order of their creation; 2 and 3 were created in the same millisecond. */
const orders: readonly OrderState[] = [
  orderState(1, { ...price(800) }),
  orderState(2, { productId: 'p2', ...price(300) }),
  orderState(3, { createdAt: timeOf(2), ...price(900) }),
  orderState(4, { status: 'shipped', version: 2, ...price(200) }),
  orderState(5, { customerId: '8' }),
  orderState(6, { productId: 'p2', status: 'cancelled', version: 3, ...price(700) }),
  orderState(7, { ...price(300) }),
  orderState(8, { customerId: '70', status: 'shipped', version: 2 }),
];

const openWithOrders = async () => {
  const opened = await openCustomerView();
  await opened.publishAll(topics.orders, orders.map(orderEvent));
  await opened.settle();
  return opened;
};

/** The numbers of all orders of a list, which is read with this page size. */
const readAll = async (app: Express, path: string, limit = 2): Promise<number[]> => {
  const found: number[] = [];
  let next: string | null = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`;
  while (next !== null) {
    const { body }: request.Response = await request(app).get(next).expect(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    found.push(...body.items.map(({ orderId }: { orderId: string }) => Number(orderId.slice(-12))));
    ({ next } = body);
  }
  return found;
};

describe('lists of orders', () => {
  it.each([
    ['/customers/7/orders', [7, 6, 4, 3, 2, 1]],
    ['/customers/7/orders?sort=createdAt', [1, 2, 3, 4, 6, 7]],
    ['/customers/7/orders?sort=total', [4, 2, 7, 6, 1, 3]],
    ['/customers/7/orders?sort=-total', [3, 1, 6, 7, 2, 4]],
    ['/customers/7/orders?product=p2', [6, 2]],
    ['/customers/7/orders?status=pending&sort=createdAt', [1, 2, 3, 7]],
    [`/customers/7/orders?from=${timeOf(2)}&to=${timeOf(4)}`, [3, 2]],
    ['/customers/7/orders?product=p2&status=cancelled&sort=-total', [6]],
    ['/customers/7/orders?from=2026-11-22', []],
    ['/orders', [8, 7, 6, 5, 4, 3, 2, 1]],
    ['/orders?status=shipped', [8, 4]],
    ['/orders?product=p2&sort=createdAt', [2, 6]],
    ['/orders?from=2026-11-21&to=2026-11-22', [8, 7, 6, 5, 4, 3, 2, 1]],
    ['/customer-orders', [8, 7, 6, 5, 4, 3, 2, 1]],
    ['/customer-orders?status=shipped&sort=createdAt', [4, 8]],
  ])('%s', async (path, expected) => {
    const { app } = await openWithOrders();
    for (const limit of [1, 2, 100]) expect(await readAll(app, path, limit)).toEqual(expected);
  });

  it('a page begins after the last row of the one before, although rows were added meanwhile', async () => {
    const { app, publishAll, settle } = await openWithOrders();
    const { body: first } = await request(app).get('/orders?limit=3').expect(200);
    await publishAll(topics.orders, [orderEvent(orderState(9)), orderEvent(orderState(0))]);
    await settle();
    const { body: second } = await request(app).get(first.next).expect(200);
    expect(second.items.map(({ orderId }: OrderState) => orderId)).toEqual([5, 4, 3].map(orderIdOf));
  });

  it('an order moves when its status changes', async () => {
    const { app, publish, settle } = await openWithOrders();
    await publish(
      topics.orders,
      orderIdOf(1),
      orderEvent({ ...(orders[0] as OrderState), version: 2, status: 'shipped' }),
    );
    await settle();
    expect(await readAll(app, '/customers/7/orders?status=shipped')).toEqual([4, 1]);
    expect(await readAll(app, '/customers/7/orders?status=pending')).not.toContain(1);
  });

  it.each([
    ['/orders?limit=0', 'limit'],
    ['/orders?limit=1001', 'limit'],
    ['/orders?status=open', 'status'],
    ['/orders?from=yesterday', 'from'],
    ['/orders?from=2026-13-01', 'from'],
    ['/orders?sort=total', 'sort'],
    ['/orders?productId=p1', 'productId'],
    ['/orders?after=nonsense', 'after'],
    [`/orders?after=${Buffer.from('["/orders -createdAt","x","y"]').toString('base64url')}`, 'after'],
    [`/orders?after=${Buffer.from('["/orders createdAt",1,"y"]').toString('base64url')}`, 'after'],
    [
      `/customers/8/orders?after=${Buffer.from('["/customers/7/orders -createdAt",1,"y"]').toString('base64url')}`,
      'after',
    ],
    [`/orders?after=${Buffer.from('["/orders -createdAt",1]').toString('base64url')}`, 'after'],
    [`/orders?after=${Buffer.from('{"length":2}').toString('base64url')}`, 'after'],
    ['/customers/0/orders', 'customerId'],
    ['/orders/7', 'orderId'],
  ])('%s is refused with the field %s', async (path, field) => {
    const { app } = await openCustomerView();
    const { body } = await request(app).get(path).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field })]);
  });

  it('the orders of an unknown customer are 404, and of a customer without orders an empty list', async () => {
    const { app } = await openWithOrders();
    await request(app).get('/customers/9/orders').expect(404);
    const { body } = await request(app).get('/customers/8/orders?status=rejected').expect(200);
    expect(body).toMatchObject({ customer: null, items: [], next: null });
  });

  it('a customerId that begins with another one does not get its orders', async () => {
    const { app } = await openWithOrders();
    expect(await readAll(app, '/customers/70/orders')).toEqual([8]);
  });
});
