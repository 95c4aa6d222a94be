import { beforeEach, describe, expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { noon } from '../../tests/test-runtime.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
let orderId: string;
const iso = (ms: number) => new Date(ms).toISOString();

/** Created at noon, changed a minute later, shipped two minutes later. */
beforeEach(async () => {
  crm = await createCrmWithCorinne();
  const order = { customerId: '1', productId: 'p1', quantity: 1, expectedDeliveryDate: '2026-12-24', place: 'Dock 4' };
  const { body } = await crm.http
    .post('/orders')
    .set({ 'Actor-Id': '42', 'Correlation-Id': '7f6f9c1e-1111-4c59-9d6c-000000000001', 'Idempotency-Key': 'k1' })
    .send({ ...order, unitPrice: { amount: 100, currency: 'EUR' } })
    .expect(201);
  orderId = body.orderId;
  crm.setClock(noon + 60_000);
  await crm.http.patch(`/orders/${orderId}`).send({ quantity: 5 }).expect(200);
  crm.setClock(noon + 120_000);
  await crm.http.post(`/orders/${orderId}/ship`).expect(200);
});

const read = (query: string) => crm.http.get(`/orders/${orderId}?${query}`);

describe('the state of an order in the past', () => {
  it.each([
    ['version=1', { version: 1, quantity: 1, total: { amount: 100, currency: 'EUR' }, status: 'pending' }],
    ['version=2', { version: 2, quantity: 5, status: 'pending', updatedAt: iso(noon + 60_000) }],
    ['version=3', { version: 3, quantity: 5, status: 'shipped' }],
    [`at=${iso(noon)}`, { version: 1, quantity: 1 }],
    [`at=${iso(noon + 119_999)}`, { version: 2, status: 'pending' }],
    ['at=2026-11-21T13:02:00%2B01:00', { version: 3, status: 'shipped' }],
    ['at=2999-01-01T00:00:00Z', { version: 3, status: 'shipped' }],
  ])('%s', async (query, state) => {
    const { body } = await read(query).expect(200).expect('ETag', `"${state.version}"`);
    expect(body).toMatchObject({ orderId, place: 'Dock 4', createdAt: iso(noon), ...state });
  });

  it('is answered with 304 to a client that has its version', () =>
    read('version=2').set('If-None-Match', '"2"').expect(304));

  it('is 404 with the reason before the order existed, and above its last version', async () => {
    const before = await read(`at=${iso(noon - 1)}`).expect(404);
    expect(before.body).toMatchObject({ type: 'urn:problem:order-state-unknown', createdAt: iso(noon) });
    const above = await read('version=4').expect(404);
    expect(above.body).toMatchObject({ type: 'urn:problem:order-state-unknown', lastVersion: 3 });
  });

  it.each([
    'version=0',
    'version=x',
    'version=2147483648',
    'at=yesterday',
    'at=2026-11-21',
    'version=1&at=2026-11-21T12:00:00Z',
    'time=2026-11-21T12:00:00Z',
  ])('refuses %s', async (query) => {
    expect((await read(query).expect(400)).body.type).toBe('urn:problem:invalid-parameter');
  });
});

describe('the events of an order', () => {
  it('have their stored type, data, metadata and time', async () => {
    const { body } = await crm.http.get(`/orders/${orderId}/events`).expect(200);
    expect(body.next).toBeNull();
    expect(body.items).toMatchObject([
      {
        version: 1,
        type: 'OrderCreated.v2',
        data: { orderId, quantity: 1, unitPrice: { amount: 100, currency: 'EUR' } },
        metadata: { actor: '42', correlationId: '7f6f9c1e-1111-4c59-9d6c-000000000001' },
        recordedAt: iso(noon),
      },
      { version: 2, type: 'OrderUpdated.v1', data: { quantity: 5 }, metadata: { actor: null } },
      { version: 3, type: 'OrderShipped.v1', data: {}, recordedAt: iso(noon + 120_000) },
    ]);
    const metadata = body.items.map((event: { metadata: object }) => event.metadata);
    expect(metadata).toEqual(
      [1, 2, 3].map(() => ({
        actor: expect.toSatisfy((actor) => actor === null || actor === '42'),
        correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        causationId: expect.stringMatching(/^[0-9a-f-]{36}$|^[0-9a-f]{64}$/),
        traceparent: expect.stringMatching(/^00-/),
      })),
    );
    expect(JSON.stringify(body)).not.toContain('Dock');
  });

  it('are read page by page', async () => {
    const first = await crm.http.get(`/orders/${orderId}/events?limit=2`).expect(200);
    expect(first.body).toMatchObject({
      items: [{ version: 1 }, { version: 2 }],
      next: `/orders/${orderId}/events?limit=2&after=2`,
    });
    const second = await crm.http.get(first.body.next).expect(200);
    expect(second.body).toMatchObject({ items: [{ version: 3 }], next: null });
  });

  it.each(['limit=0', 'limit=1001', 'after=-1', 'page=2'])('refuse %s', async (query) => {
    await crm.http.get(`/orders/${orderId}/events?${query}`).expect(400);
  });
});

it.each([
  ['Actor-Id', 'Corinne'],
  ['Actor-Id', '12345678901234567'],
  ['Correlation-Id', 'letter of Corinne'],
])('a name is no %s: %s', async (header, value) => {
  const { body } = await crm.http.post(`/orders/${orderId}/deliver`).set(header, value).expect(400);
  expect(body).toMatchObject({ type: 'urn:problem:invalid-header', errors: [{ field: header }] });
});

it('an event has the trace of its request', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await crm.http.post(`/orders/${orderId}/deliver`).set({ traceparent }).expect(200);
  const { body } = await crm.http.get(`/orders/${orderId}/events?after=3`).expect(200);
  expect(body.items[0].metadata.traceparent).toBe(traceparent);
  const row = await crm.db.selectFrom('outbox').select('event').orderBy('sequence', 'desc').executeTakeFirstOrThrow();
  expect(JSON.parse(row.event)).toMatchObject({ traceparent, data: { status: 'delivered' } });
});
