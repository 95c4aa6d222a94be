import type { Transaction } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { noon } from '../../tests/test-runtime.ts';
import type { CrmDatabase } from '../database/index.ts';
import { executeOnce } from './execute-once.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const order = {
  customerId: '1',
  productId: 'p1',
  quantity: 1,
  unitPrice: { amount: 100, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
  place: 'Dock 4',
};
const create = (body: object = order, key = 'k1') => crm.http.post('/orders').set('Idempotency-Key', key).send(body);
const countEvents = async () => (await crm.db.selectFrom('orderEvent').select('version').execute()).length;

it('a repeated command gets the order as it was after the first execution, without limit of time', async () => {
  const first = await create().expect(201);
  const { orderId } = first.body;
  const patch = () => crm.http.patch(`/orders/${orderId}`).set({ 'Idempotency-Key': 'k2', 'If-Match': '"1"' });
  const patched = await patch().send({ quantity: 2 }).expect(200);
  await crm.http.post(`/orders/${orderId}/ship`).set('Idempotency-Key', 'k3').expect(200);
  crm.setClock(noon + 366 * 24 * 3_600_000);

  await create().expect(201, first.body).expect('Location', `/orders/${orderId}`).expect('ETag', '"1"');
  // The precondition held at the first execution.
  await patch().send({ quantity: 2 }).expect(200, patched.body).expect('ETag', '"2"');
  const { body } = await crm.http.post(`/orders/${orderId}/ship`).set('Idempotency-Key', '"k3"').expect(200);
  expect(body).toMatchObject({ status: 'shipped', version: 3 });
  expect(await countEvents()).toBe(3);
  expect(await crm.db.selectFrom('outbox').select('id').execute()).toHaveLength(3);
});

it('a command that changed nothing is repeated as well', async () => {
  const { orderId } = (await create().expect(201)).body;
  const patch = () => crm.http.patch(`/orders/${orderId}`).set('Idempotency-Key', 'k2').send({ quantity: 1 });
  await patch().expect(200).expect('ETag', '"1"');
  await crm.http.patch(`/orders/${orderId}`).send({ quantity: 9 }).expect(200);
  expect((await patch().expect(200).expect('ETag', '"1"')).body.quantity).toBe(1);
});

it('a key is refused for another content', async () => {
  const { orderId } = (await create().expect(201)).body;
  const other = (await create(order, 'k9').expect(201)).body.orderId;
  await crm.http.post(`/orders/${orderId}/ship`).set('Idempotency-Key', 'k2').expect(200);
  for (const request of [
    create({ ...order, quantity: 2 }),
    create({ ...order, place: 'Dock 5' }),
    crm.http.post(`/orders/${orderId}/ship`).set('Idempotency-Key', 'k1'),
    crm.http.post(`/orders/${orderId}/deliver`).set('Idempotency-Key', 'k2'),
    crm.http.post(`/orders/${other}/ship`).set('Idempotency-Key', 'k2'),
    crm.http.patch(`/orders/${other}`).set('Idempotency-Key', 'k2').send({ quantity: 2 }),
  ])
    expect((await request.expect(422)).body).toMatchObject({ type: 'urn:problem:key-reused' });
  expect(await countEvents()).toBe(3);
});

it('equal content is the same content, however it is written', async () => {
  const first = await create().expect(201);
  const { place, ...rest } = order;
  await create({ place: ' Dock 4 ', ...rest, customerId: 1 }).expect(201, first.body);
});

it('equal requests at the same time create one order', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map(() => create().expect(201)));
  expect(new Set(answers.map(({ body }) => body.orderId)).size).toBe(1);
  expect(await countEvents()).toBe(1);
  const moves = await Promise.all(
    [1, 2, 3].map(() =>
      crm.http.post(`/orders/${answers[0]?.body.orderId}/ship`).set('Idempotency-Key', 'k2').expect(200),
    ),
  );
  expect(moves.map(({ body }) => body.version)).toEqual([2, 2, 2]);
});

describe('a command whose first execution is committed meanwhile', () => {
  const attempt = { key: 'k1', content: {} };
  const outcome = { stream: 'order-1', version: 2 };
  /** Each statement is a transaction of its own here, so that the first execution is committed during the second one. */
  const executeLate = (error: Error) =>
    executeOnce(crm.db as Transaction<CrmDatabase>, attempt, async () => {
      await executeOnce(crm.db as Transaction<CrmDatabase>, attempt, async () => outcome);
      throw error;
    });
  const refusal = new DomainError('order-transition-refused', 'The order is shipped.');

  it('is a conflict if that execution is why it is refused, so that it is repeated and gets the outcome', async () => {
    await expect(executeLate(refusal)).rejects.toMatchObject({ code: 'database-conflict' });
    expect(await executeLate(refusal)).toMatchObject(outcome);
  });

  it('is rolled back if it conflicts', async () => {
    const conflict = new TransientDatabaseError('database-conflict', new Error('another transaction'));
    await expect(executeLate(conflict)).rejects.toBe(conflict);
  });

  it('is refused if no execution is stored', async () => {
    const refused = executeOnce(crm.db as Transaction<CrmDatabase>, attempt, () => Promise.reject(refusal));
    await expect(refused).rejects.toBe(refusal);
  });
});

it('commands without a key at the same time are decided one after the other', async () => {
  const { orderId } = (await create().expect(201)).body;
  const verbs = ['ship', 'cancel', 'reject', 'ship'];
  const answers = await Promise.all(verbs.map((verb) => crm.http.post(`/orders/${orderId}/${verb}`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  expect(await countEvents()).toBe(2);
});

it('a refusal is not stored, so the command may succeed later', async () => {
  await create({ ...order, customerId: '2' }).expect(404);
  const lab = { firstName: 'M', lastName: 'P', city: 'Z', connectionId: '928', connectionMandate: '0' };
  await crm.http.post('/customers').send(lab).expect(201);
  await create({ ...order, customerId: '2' }).expect(201);
});

it('a key is stored as a digest only', async () => {
  await create(order, 'Corinne-Lopez').expect(201);
  const stored = JSON.stringify([
    await crm.db.selectFrom('orderCommand').selectAll().execute(),
    await crm.db.selectFrom('orderEvent').selectAll().execute(),
  ]);
  expect(stored).not.toContain('Corinne');
});
