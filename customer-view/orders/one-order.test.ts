import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openCustomerView, orderEvent, orderIdOf, orderState } from '../../tests/customer-view-app.ts';

describe('one order', () => {
  it('has the highest version, in any order of delivery', async () => {
    const { app, publish, settle } = await openCustomerView();
    const [created, shipped] = [orderState(1), orderState(1, { version: 2, status: 'shipped', company: 'retailer-1' })];
    for (const state of [shipped, created, shipped]) await publish(topics.orders, orderIdOf(1), orderEvent(state));
    await settle();
    const { body } = await request(app)
      .get(`/orders/${orderIdOf(1)}`)
      .expect(200);
    expect(body).toEqual({ ...shipped, updatedAt: expect.any(String) });
  });

  it('is 404 if it is unknown', async () => {
    const { app } = await openCustomerView();
    const { body } = await request(app)
      .get(`/orders/${orderIdOf(1)}`)
      .expect(404);
    expect(body.type).toBe('urn:problem:order-unknown');
  });

  it('waits for the version that a client asks for', async () => {
    const { app, publish } = await openCustomerView();
    const reading = request(app)
      .get(`/orders/${orderIdOf(1)}?minVersion=2&waitMs=30000`)
      .expect(200);
    const answer = reading.then(({ body }) => body);
    await publish(topics.orders, orderIdOf(1), orderEvent(orderState(1)));
    await publish(topics.orders, orderIdOf(1), orderEvent(orderState(1, { version: 2, status: 'shipped' })));
    expect(await answer).toMatchObject({ version: 2, status: 'shipped' });
  });

  it('refuses when the version does not arrive', async () => {
    const { app, publish, settle } = await openCustomerView();
    await publish(topics.orders, orderIdOf(1), orderEvent(orderState(1)));
    await settle();
    const { body } = await request(app)
      .get(`/orders/${orderIdOf(1)}?minVersion=2`)
      .expect(503);
    expect(body).toMatchObject({
      type: 'urn:problem:version-not-here-yet',
      detail: expect.stringContaining('it has 1'),
    });
  });
});
