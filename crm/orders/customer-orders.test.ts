import { beforeEach, expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { molly } from '../../tests/lab-customers.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
  await crm.http.post('/customers').send(molly).expect(201);
});

const order = {
  productId: 'p1',
  quantity: 1,
  unitPrice: { amount: 100, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
};
const create = async (customerId: string, place: string | undefined, key?: string) => {
  const request = crm.http.post('/orders').send({ ...order, customerId, ...(place && { place }) });
  const { body } = await (key ? request.set('Idempotency-Key', key) : request).expect(201);
  return body as { orderId: string };
};
const exportOf = async (customerId: string) =>
  (await crm.http.get(`/customers/${customerId}/export`).expect(200)).body.orders;
const erase = (customerId: string) =>
  crm.http.post(`/customers/${customerId}/erasure`).send({ customerId }).expect(200);

it('an export has all orders of the person with their places, and no order of another person', async () => {
  const own = [await create('1', 'at Corinne’s'), await create('1', undefined)];
  await create('2', 'at Molly’s');
  await crm.http.post(`/orders/${own[0]?.orderId}/ship`).expect(200);
  const exported = await exportOf('1');
  expect(exported).toHaveLength(2);
  expect(exported).toContainEqual({ ...own[0], status: 'shipped', version: 2 });
  expect(exported).toContainEqual(own[1]);
});

it('an export of more orders than one page has each of them once', async () => {
  const created: string[] = [];
  for (let n = 0; n < 101; n++) created.push((await create('1', undefined)).orderId);
  const exported = (await exportOf('1')).map(({ orderId }: { orderId: string }) => orderId);
  expect(exported).toEqual(created.sort());
});

it('an erasure removes the places of the person everywhere, and keeps the orders', async () => {
  for (let n = 0; n < 101; n++) await create('1', `at Corinne’s ${n}`);
  const { orderId } = await create('1', 'at Corinne’s', 'k1');
  const other = await create('2', 'at Molly’s', 'k2');
  await erase('1');
  for (const table of ['orderEvent', 'orderSnapshot', 'orderCommand', 'customerOrder', 'outbox'] as const)
    expect(JSON.stringify(await crm.db.selectFrom(table).selectAll().execute())).not.toContain('Corinne');
  expect((await crm.http.get(`/orders/${orderId}`).expect(200)).body).toMatchObject({ customerId: '1', place: null });
  expect((await crm.http.get(`/orders/${orderId}?version=1`).expect(200)).body.place).toBeNull();
  expect(await exportOf('1')).toHaveLength(102);
  expect((await crm.http.get(`/orders/${other.orderId}`).expect(200)).body.place).toBe('at Molly’s');
});

it('an erasure also removes the digest of a place, so a repetition of the command is 410', async () => {
  await create('1', 'at Corinne’s', 'k1');
  await create('1', undefined, 'k2');
  await create('2', 'at Molly’s', 'k3');
  await erase('1');
  const rows = await crm.db.selectFrom('orderCommand').select('contentDigest').execute();
  expect(rows.filter(({ contentDigest }) => contentDigest === null)).toHaveLength(1);
  const repeated = crm.http.post('/orders').set('Idempotency-Key', 'k1');
  const { body } = await repeated.send({ ...order, customerId: '1', place: 'at Corinne’s' }).expect(410);
  expect(body.type).toBe('urn:problem:answer-erased');
  await create('1', undefined, 'k2');
  await create('2', 'at Molly’s', 'k3');
});

it('the orders outlive a deleted customer, with their places until an erasure', async () => {
  const { orderId } = await create('1', 'at Corinne’s');
  await crm.http.delete('/customers/1').expect(204);
  expect(await exportOf('1')).toMatchObject([{ orderId, place: 'at Corinne’s' }]);
  await erase('1');
  expect(await exportOf('1')).toMatchObject([{ orderId, place: null }]);
});

it('an erasure leaves the answers of other commands on the order, also of an update without effect', async () => {
  const { orderId } = await create('1', 'at Corinne’s', 'k1');
  const update = () =>
    crm.http.patch(`/orders/${orderId}`).set('Idempotency-Key', 'k2').send({ quantity: order.quantity }).expect(200);
  await update();
  await erase('1');
  expect((await update()).body).toMatchObject({ orderId, version: 1, place: null });
});
