import { beforeEach, describe, expect, it } from 'vitest';
import { maxRevision } from '../../../contracts/cloud-event.ts';
import { topics } from '../../../contracts/topics.ts';
import { createCrmWithCorinne } from '../../../tests/crm-app.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const forged = noon + 1_000_000;
const republish = (customerId: string, body: object = {}) =>
  crm.http.post(`/customers/${customerId}/republication`).send(body);
const readLast = async () => (await readWaiting<{ sequence: string; data: object }>(crm.db, topics.customers)).at(-1);

describe('the republication of a customer', () => {
  it('publishes the record above its last revision, and later changes continue above it', async () => {
    const published = { customerId: '1', state: 'record', revision: noon + 1 };
    expect((await republish('1').expect(200)).body).toEqual(published);
    expect(await readLast()).toMatchObject({
      key: '1',
      event: { sequence: `${noon + 1}`, data: { version: 1, record: { lastName: 'Lopez' } } },
    });
    expect((await republish('1', { above: forged }).expect(200)).body.revision).toBe(forged + 1);
    await crm.http.patch('/customers/1').send({ city: 'Delft' }).expect(200);
    expect(await readLast()).toMatchObject({ event: { sequence: `${forged + 2}`, data: { version: 2 } } });
    expect(await readWaiting(crm.db, topics.customerRegistrations)).toEqual([]);
  });

  it('publishes that the customer was deleted, and when', async () => {
    crm.setClock(noon + 5);
    await crm.http.delete('/customers/1').expect(204);
    expect((await republish('1').expect(200)).body).toEqual({ customerId: '1', state: 'deleted', revision: noon + 6 });
    const updatedAt = new Date(noon + 5).toISOString();
    expect(await readLast()).toMatchObject({ event: { data: { version: 2, updatedAt, record: null } } });
  });

  it('publishes the tombstone of an erased person', async () => {
    await crm.http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200);
    await crm.db.deleteFrom('outbox').execute();
    expect((await republish('1').expect(200)).body).toEqual({ customerId: '1', state: 'erased', revision: null });
    expect(await readLast()).toMatchObject({ key: '1', event: undefined });
  });

  it.each(['42', 'corinne'])('is 404 for the unknown customer %s', async (id) => {
    await republish(id).expect(404);
  });

  it('is refused above the highest revision, and publishes nothing', async () => {
    const { body } = await republish('1', { above: maxRevision }).expect(409);
    expect(body.type).toBe('urn:problem:revision-too-high');
    expect(await readLast()).toBeUndefined();
  });
});
