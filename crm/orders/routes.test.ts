import { beforeEach, describe, expect, it } from 'vitest';
import { parseOrderChange } from '../../contracts/events/order-changed/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { noon } from '../../tests/test-runtime.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const pallets = {
  customerId: '1',
  productId: 'p1',
  quantity: 3,
  unitPrice: { amount: 1999, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
};
const unknownOrder = '00000000-0000-4000-8000-ffffffffffff';

const post = (body: object, headers: Record<string, string> = {}) => crm.http.post('/orders').set(headers).send(body);
const create = async (body: object = pallets) => (await post(body).expect(201)).body.orderId as string;
const act = (orderId: string, verb: string) => crm.http.post(`/orders/${orderId}/${verb}`);

/** The orders in the outbox, as subscribers read them. */
const publishedOrders = async () => {
  const rows = await crm.db.selectFrom('outbox').selectAll().orderBy('sequence').execute();
  return rows.map(({ topic, id, eventKey, event }) => {
    expect(topic).toBe(topics.orders.name);
    const record = { topic, key: eventKey, value: Buffer.from(event), timestamp: 0 };
    const { data, revision, time } = parseOrderChange(record);
    expect([data.orderId, revision]).toEqual([eventKey, data.version]);
    return { id, time, ...data };
  });
};

describe('POST /orders', () => {
  it('creates a pending order with its total', async () => {
    const { body, headers } = await post({ ...pallets, company: 'Retailer 1', place: 'Dock 4, Enschede' }).expect(201);
    const time = new Date(noon).toISOString();
    expect(body).toEqual({
      ...pallets,
      orderId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      company: 'Retailer 1',
      place: 'Dock 4, Enschede',
      total: { amount: 5997, currency: 'EUR' },
      status: 'pending',
      version: 1,
      createdAt: time,
      updatedAt: time,
    });
    expect(headers).toMatchObject({ location: `/orders/${body.orderId}`, etag: '"1"' });
    await crm.http.get(headers.location as string).expect(200, body);
  });

  it('accepts the number of the customer, and shows what was left out as null', async () => {
    const { body } = await post({ ...pallets, customerId: 1 }).expect(201);
    expect(body).toMatchObject({ customerId: '1', company: null, place: null });
  });

  it('publishes the whole state without the place', async () => {
    const orderId = await create({ ...pallets, company: 'Retailer 1', place: 'Dock 4, Enschede' });
    const [published] = await publishedOrders();
    expect(published).toMatchObject({ orderId, version: 1, company: 'Retailer 1', status: 'pending' });
    expect(JSON.stringify(published)).not.toContain('Dock');
  });

  it.each([
    ['a customer that never was one', '42', 404, 'customer-unknown'],
    ['a deleted customer', 'deleted', 404, 'customer-unknown'],
    ['an erased customer', 'erased', 410, 'customer-erased'],
  ])('is refused for %s', async (_, customerId, status, code) => {
    if (customerId === 'deleted') await crm.http.delete('/customers/1').expect(204);
    if (customerId === 'erased') await crm.http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200);
    const { body } = await post({ ...pallets, customerId: customerId === '42' ? '42' : '1' }).expect(status);
    expect(body).toMatchObject({ type: `urn:problem:${code}`, errors: [{ field: 'customerId' }] });
    expect(await crm.db.selectFrom('orderEvent').selectAll().execute()).toEqual([]);
  });

  it.each([
    ['customerId', { customerId: '0' }],
    ['productId', { productId: 'p 1' }],
    ['quantity', { quantity: 0 }],
    ['quantity', { quantity: 1.5 }],
    ['unitPrice', { unitPrice: 19.99 }],
    ['unitPrice.amount', { unitPrice: { amount: 19.99, currency: 'EUR' } }],
    ['unitPrice.amount', { unitPrice: { amount: -1, currency: 'EUR' } }],
    ['unitPrice.currency', { unitPrice: { amount: 1, currency: 'eur' } }],
    ['unitPrice.currency', { unitPrice: { amount: 1, currency: 'ZZZ' } }],
    ['unitPrice.vat', { unitPrice: { amount: 1, currency: 'EUR', vat: 21 } }],
    ['expectedDeliveryDate', { expectedDeliveryDate: '2026-02-30' }],
    ['company', { company: 'a\nb' }],
    ['company', { company: 'x'.repeat(101) }],
    ['company', { company: ' ' }],
    ['place', { place: 'x'.repeat(201) }],
    ['place', { place: '\ud800' }],
    ['total', { total: { amount: 1, currency: 'EUR' } }],
    ['status', { status: 'shipped' }],
  ])('refuses an invalid or unknown %s', async (field, change) => {
    const { body } = await post({ ...pallets, ...change }).expect(422);
    expect(body).toMatchObject({ type: 'urn:problem:invalid-body', errors: [{ field }] });
  });

  it('refuses a total that is not exact as a JSON number, and accepts the largest one', async () => {
    const price = { amount: Number.MAX_SAFE_INTEGER, currency: 'EUR' };
    const { body } = await post({ ...pallets, quantity: 2, unitPrice: price }).expect(422);
    expect(body).toMatchObject({
      type: 'urn:problem:total-too-large',
      errors: [{ field: 'quantity' }, { field: 'unitPrice.amount' }],
    });
    const largest = await post({ ...pallets, quantity: 1, unitPrice: price }).expect(201);
    expect(largest.body.total).toEqual(price);
  });
});

describe('an order', () => {
  it('is shipped and delivered by requests without a body, and each change is published', async () => {
    const orderId = await create();
    crm.setClock(noon + 1000);
    expect((await act(orderId, 'ship').expect(200)).body).toMatchObject({ status: 'shipped', version: 2 });
    const { body } = await act(orderId, 'deliver').expect(200).expect('ETag', '"3"');
    expect(body).toMatchObject({ status: 'delivered', updatedAt: new Date(noon + 1000).toISOString() });
    const published = await publishedOrders();
    expect(published.map(({ version, status }) => [version, status])).toEqual([
      [1, 'pending'],
      [2, 'shipped'],
      [3, 'delivered'],
    ]);
    expect(new Set(published.map(({ id }) => id)).size).toBe(3);
  });

  it.each([
    ['cancel', 'cancelled'],
    ['reject', 'rejected'],
  ])('that is pending can be moved by %s, and then it is final', async (verb, status) => {
    const orderId = await create();
    expect((await act(orderId, verb).expect(200)).body.status).toBe(status);
    const { body } = await act(orderId, 'ship').expect(409);
    expect(body).toMatchObject({
      type: 'urn:problem:order-transition-refused',
      detail: `Order ${orderId} is ${status}, and only a pending order can be shipped.`,
      remedy: 'this status is final',
      status: 409,
      orderStatus: status,
      allowedFrom: ['pending'],
    });
  });

  it('that was shipped cannot be cancelled, and the answer says what is possible', async () => {
    const orderId = await create();
    await act(orderId, 'ship').expect(200);
    const { body } = await act(orderId, 'cancel').expect(409);
    expect(body).toMatchObject({ orderStatus: 'shipped', remedy: 'it can be delivered' });
    expect(await publishedOrders()).toHaveLength(2);
  });

  it('changes its quantity and date while it is pending', async () => {
    const orderId = await create();
    const patch = (change: object) => crm.http.patch(`/orders/${orderId}`).send(change);
    const { body } = await patch({ quantity: 5 }).expect(200).expect('ETag', '"2"');
    expect(body).toMatchObject({ quantity: 5, total: { amount: 9995 }, expectedDeliveryDate: '2026-12-24' });
    await patch({ expectedDeliveryDate: '2027-01-05', quantity: 5 }).expect(200).expect('ETag', '"3"');
    await patch({ quantity: 5 }).expect(200).expect('ETag', '"3"');
    await patch({}).expect(200).expect('ETag', '"3"');
    await patch({ productId: 'p2' }).expect(422);
    await patch({ quantity: null }).expect(422);
    await patch({ quantity: 1_000_000_000 }).expect(200);
    await crm.http
      .patch(`/orders/${orderId}`)
      .set('Content-Type', 'application/merge-patch+json')
      .send('{"quantity":7}')
      .expect(200);
    const { body: events } = await crm.http.get(`/orders/${orderId}/events`).expect(200);
    expect(events.items[2]).toMatchObject({ type: 'OrderUpdated.v1', data: { expectedDeliveryDate: '2027-01-05' } });
    await act(orderId, 'ship').expect(200);
    expect((await patch({ quantity: 6 }).expect(409)).body.orderStatus).toBe('shipped');
  });

  it('refuses a larger quantity whose total is not exact', async () => {
    const orderId = await create({ ...pallets, quantity: 1, unitPrice: { amount: 2 ** 52, currency: 'JPY' } });
    const { body } = await crm.http.patch(`/orders/${orderId}`).send({ quantity: 2 }).expect(422);
    expect(body.type).toBe('urn:problem:total-too-large');
  });

  it('is changed only at the version of If-Match, and a refusal shows the current order', async () => {
    const orderId = await create({ ...pallets, place: 'Dock 4' });
    const ship = () => act(orderId, 'ship');
    const { body } = await ship().set('If-Match', '"2"').expect(412);
    expect(body).toMatchObject({
      type: 'urn:problem:version-differs',
      current: { orderId, version: 1, status: 'pending', place: 'Dock 4' },
    });
    await ship().set('If-None-Match', '*').expect(412);
    await ship().set('If-Match', '"1"').expect(200);
  });

  it('is answered with 304 to a client that has its version', async () => {
    const orderId = await create();
    await crm.http.get(`/orders/${orderId}`).set('If-None-Match', '"1"').expect(304);
    await act(orderId, 'ship').expect(200);
    await crm.http.get(`/orders/${orderId}`).set('If-None-Match', '"1"').expect(200);
  });

  it('can still be changed after its customer was deleted or erased', async () => {
    const orderId = await create();
    await crm.http.delete('/customers/1').expect(204);
    await act(orderId, 'ship').expect(200);
    await crm.http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200);
    expect((await act(orderId, 'deliver').expect(200)).body).toMatchObject({ status: 'delivered', customerId: '1' });
  });

  it.each([unknownOrder, 'x', `${unknownOrder} `])('that does not exist is 404: %s', async (orderId) => {
    const path = `/orders/${encodeURIComponent(orderId)}`;
    for (const request of [
      crm.http.get(path),
      crm.http.get(`${path}/events`),
      crm.http.patch(path).send({ quantity: 1 }),
      crm.http.post(`${path}/ship`),
    ])
      expect((await request.expect(404)).body.type).toBe('urn:problem:order-unknown');
  });
});
