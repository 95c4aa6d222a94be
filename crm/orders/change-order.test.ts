import { expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { changeOrder, createOrder } from './change-order.ts';

const order = {
  data: {
    customerId: '1',
    productId: 'p1',
    quantity: 1,
    unitPrice: { amount: 100, currency: 'EUR' },
    expectedDeliveryDate: '2026-12-24',
  },
  place: 'Dock 4',
};

/** A runtime whose source of ids fails at the nth call. */
const failAtId = (nth: number) => {
  let ids = 0;
  const newId = () => {
    if (++ids === nth) throw new Error(`no id ${nth}`);
    return `00000000-0000-4000-9000-${String(ids).padStart(12, '0')}`;
  };
  return { ...createTestRuntime(), newId, onCommit: () => {} };
};

it('the rows of a command are committed together or not at all', async () => {
  const { db } = await createCrmWithCorinne();
  const tables = ['orderEvent', 'orderCommand', 'customerOrder', 'outbox'] as const;
  const countRows = () =>
    Promise.all(tables.map(async (table) => (await db.selectFrom(table).selectAll().execute()).length));
  const request = { idempotencyKey: 'k1' };
  // The ids are, in this order, of the order, of the correlation, and of the event to publish.
  for (const nth of [1, 2, 3]) {
    const creating = async () => createOrder({ ...failAtId(nth), db }, order, request);
    await expect(creating()).rejects.toThrow(`no id ${nth}`);
    expect(await countRows()).toEqual([0, 0, 0, 0]);
  }
  const created = await createOrder({ ...failAtId(4), db }, order, request);
  expect(await countRows()).toEqual([1, 1, 1, 1]);
  const shipping = changeOrder({ ...failAtId(3), db }, { type: 'ShipOrder', orderId: created.order.orderId });
  await expect(shipping).rejects.toThrow('no id 3');
  expect(await countRows()).toEqual([1, 1, 1, 1]);
});

it('commands of one process share its correlation id, and each event has the id of its command as cause', async () => {
  const { db } = await createCrmWithCorinne();
  const context = { ...createTestRuntime(), db, onCommit: () => {} };
  const correlationId = '7f6f9c1e-1111-4c59-9d6c-000000000001';
  const created = await createOrder(context, order, { correlationId, idempotencyKey: 'k1', actor: '42' });
  const { orderId } = created.order;
  await changeOrder(context, { type: 'ShipOrder', orderId }, { correlationId, idempotencyKey: 'k2' });
  const rows = await db.selectFrom('orderEvent').select('metadata').orderBy('version').execute();
  const metadata = rows.map((row) => JSON.parse(row.metadata));
  expect(metadata).toMatchObject([
    { correlationId, actor: '42' },
    { correlationId, actor: null },
  ]);
  const commands = await db.selectFrom('orderCommand').select('commandDigest').orderBy('version').execute();
  expect(metadata.map(({ causationId }) => causationId)).toEqual(commands.map(({ commandDigest }) => commandDigest));
});
