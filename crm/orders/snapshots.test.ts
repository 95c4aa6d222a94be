import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { registerCustomer } from '../customers/index.ts';
import type { CrmDatabase } from '../database/index.ts';
import { changeOrder, createOrder } from './change-order.ts';
import { loadOrder } from './load-order.ts';

const data = {
  customerId: '1',
  productId: 'p1',
  quantity: 1,
  unitPrice: { amount: 100, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
};

/** Creates an order with this many events, each at least a millisecond after the previous one. */
const createLongOrder = async (db: Kysely<CrmDatabase>, versions: number) => {
  const runtime = createTestRuntime();
  let clock = runtime.now();
  const context = { ...runtime, db, now: () => ++clock, onCommit: () => {} };
  const contacts = { email: null, phone: null };
  const name = { firstName: 'C', lastName: 'L', city: 'E', connectionId: '7733', connectionMandate: '1' } as const;
  await registerCustomer(context, { ...name, ...contacts });
  const { order } = await createOrder(context, { data, place: null });
  for (let version = 2; version <= versions; version++)
    await changeOrder(context, { type: 'UpdateOrder', orderId: order.orderId, quantity: version });
  return { orderId: order.orderId, context };
};

const readSnapshots = (db: Kysely<CrmDatabase>) =>
  db.selectFrom('orderSnapshot').select(['version', 'format']).execute();

it('an order has at most one snapshot, which follows every 100 events', async () => {
  const db = await openTestDatabase();
  const { orderId, context } = await createLongOrder(db, 99);
  expect(await readSnapshots(db)).toEqual([]);
  const update = (quantity: number) => changeOrder(context, { type: 'UpdateOrder', orderId, quantity });
  await update(100);
  expect(await readSnapshots(db)).toEqual([{ version: 100, format: 1 }]);
  expect((await loadOrder(db, orderId))?.snapshotVersion).toBe(100);
  for (let version = 101; version <= 200; version++) await update(version);
  expect(await readSnapshots(db)).toEqual([{ version: 200, format: 1 }]);
});

it('no answer depends on a snapshot: not without one, and not with one of another format', async () => {
  const db = await openTestDatabase();
  const { orderId } = await createLongOrder(db, 130);
  const created = (await loadOrder(db, orderId, { version: 1 }))?.order.createdAt as number;
  const past = fc.oneof(
    fc.record({ version: fc.integer({ min: 1, max: 140 }) }),
    fc.record({ at: fc.integer({ min: created - 2, max: created + 140 }) }),
    fc.constant({}),
  );
  const pastStates = fc.sample(past, { seed: 16, numRuns: 60 });
  const readAll = async () => {
    const orders = [];
    for (const one of pastStates) orders.push((await loadOrder(db, orderId, one))?.order);
    return orders;
  };
  const withSnapshot = await readAll();
  expect(withSnapshot.filter(Boolean).length).toBeGreaterThan(40);

  const state = JSON.stringify({ quantity: -1 });
  await db.updateTable('orderSnapshot').set({ format: 2, state }).execute();
  expect(await readAll()).toEqual(withSnapshot);
  await db.deleteFrom('orderSnapshot').execute();
  expect(await readAll()).toEqual(withSnapshot);
});

it('replaces a snapshot of another format with its next change', async () => {
  const db = await openTestDatabase();
  const { orderId, context } = await createLongOrder(db, 100);
  await db.updateTable('orderSnapshot').set({ format: 0 }).execute();
  await changeOrder(context, { type: 'UpdateOrder', orderId, quantity: 7 });
  expect(await readSnapshots(db)).toEqual([{ version: 101, format: 1 }]);
});

it('replaying events has no effect: loading an order, also in the past, writes nothing', async () => {
  const { http, db } = await createCrmWithCorinne();
  const { body } = await http.post('/orders').send(data).expect(201);
  await http.post(`/orders/${body.orderId}/ship`).expect(200);
  await db.deleteFrom('outbox').execute();
  const readTables = async () => [
    await db.selectFrom('outbox').selectAll().execute(),
    await db.selectFrom('orderSnapshot').selectAll().execute(),
    await db.selectFrom('orderEvent').selectAll().orderBy('version').execute(),
  ];
  const before = await readTables();
  await loadOrder(db, body.orderId);
  for (const query of ['', '?version=1', '?at=2999-01-01T00:00:00Z']) await http.get(`/orders/${body.orderId}${query}`);
  await http.get(`/orders/${body.orderId}/events`).expect(200);
  expect(await readTables()).toEqual(before);
  expect(before[0]).toEqual([]);
});
