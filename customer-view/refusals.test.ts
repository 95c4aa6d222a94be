import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import type { EmbeddedPlatform } from '../packages/embedded/platform.ts';
import {
  customerEvent,
  customerState,
  openCustomerView,
  orderEvent,
  orderIdOf,
  orderState,
} from '../tests/customer-view-app.ts';
import { eventually } from '../tests/eventually.ts';

const poison = (subject: string) => ({ ...orderEvent(orderState(1)), subject, data: { orderId: subject } });

describe('a view that may be out of date', () => {
  const { name: topic, partitions } = topics.orders;
  const setOffsets = (platform: EmbeddedPlatform, next: number) =>
    platform
      .consumerGroup('customer-view-consumer')
      .reset(topic, new Map(Array.from({ length: partitions }, (_, partition) => [partition, next])));

  it.each([
    '/orders',
    '/customers/7/orders',
    '/customer-orders',
    '/reports/orders',
    `/orders/${orderIdOf(1)}`,
  ])('%s refuses while the view lacks events that its group has read, and answers when they have arrived', async (path) => {
    const { app, platform, settle } = await openCustomerView(async (log) => {
      const value = Buffer.from(JSON.stringify(orderEvent(orderState(1))));
      await log.eventBus('crm').publish(topic, [{ id: 'o', key: orderIdOf(1), value }]);
      await setOffsets(log, 1);
    });
    await eventually(async () => {
      const { body } = await request(app).get(path).expect(503);
      expect(body.type).toBe('urn:problem:view-incomplete');
    });
    await setOffsets(platform, 0);
    await settle();
    await request(app).get(path).expect(200);
  });

  it('an unreadable record makes its order and the history of its customer refuse, nothing else', async () => {
    const { app, publish, publishAll, settle } = await openCustomerView();
    await publishAll(topics.orders, [orderEvent(orderState(1)), orderEvent(orderState(2, { customerId: '8' }))]);
    await publish(topics.orders, orderIdOf(1), poison(orderIdOf(1)));
    await settle();
    const expectRefusal = async (path: string) => {
      const { body } = await request(app).get(path).expect(503);
      expect(body.type).toBe('urn:problem:record-dead-lettered');
    };
    await expectRefusal(`/orders/${orderIdOf(1)}`);
    await expectRefusal('/customers/7/orders');
    await request(app).get('/customers/8/orders').expect(200);
    for (const path of ['/orders', '/customer-orders', '/reports/orders']) {
      const { body } = await request(app).get(path).expect(200);
      expect(body).toMatchObject({ unreadable: 1 });
    }

    await publish(topics.orders, orderIdOf(1), orderEvent(orderState(1, { version: 2 })));
    await settle();
    const { body } = await request(app).get('/customers/7/orders').expect(200);
    expect(body.items).toEqual([expect.objectContaining({ orderId: orderIdOf(1), version: 2 })]);
    expect(body).not.toHaveProperty('unreadable');
  });

  it('an unreadable record of an order that was never seen is counted, because its customer is unknown', async () => {
    const { app, publish, settle } = await openCustomerView();
    await publish(topics.customers, '7', customerEvent(customerState('7')));
    await publish(topics.orders, orderIdOf(9), poison(orderIdOf(9)));
    await settle();
    const { body } = await request(app).get('/customers/7/orders').expect(200);
    expect(body).toMatchObject({ items: [], unreadable: 1 });
    const { body: report } = await request(app).get('/reports/orders').expect(200);
    expect(report).toEqual({ items: [], next: null, unreadable: 1 });
  });
});
