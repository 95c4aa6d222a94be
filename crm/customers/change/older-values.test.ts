import { beforeEach, describe, expect, it } from 'vitest';
import { parseCustomerChange } from '../../../contracts/events/customer-changed/upcasters.ts';
import { topics } from '../../../contracts/topics.ts';
import { createCrmWithCorinne } from '../../../tests/crm-app.ts';
import { corinne } from '../../../tests/lab-customers.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';

/** Values that an earlier version accepted, and this one refuses. */
const older = {
  firstName: 'Cor\u200binne',
  lastName: '\u202eLopez',
  city: 'Ensche\u0301de \ufffd',
  email: `corinne@${'x'.repeat(64)}-.example.org`,
  phone: '1',
};

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
  await crm.db.updateTable('customer').set(older).where('customerId', '=', 1).execute();
});

const whole = { ...corinne, ...older };
const fieldsOf = (body: { errors: { field: string }[] }) => body.errors.map(({ field }) => field);

describe('a customer with values that an earlier version accepted', () => {
  it('gets a mandate by PATCH, PUT and POST', async () => {
    await crm.http.patch('/customers/1').send({ connectionMandate: '2' }).expect(200);
    await crm.http
      .put('/customers/1')
      .send({ ...whole, connectionMandate: '0' })
      .expect(200);
    const { body } = await crm.http.get('/customers/1').expect(200);
    await crm.http
      .post('/customers/1')
      .send({ ...body, connectionMandate: '1' })
      .expect(200);
    expect((await crm.waitingMandates()).map(([, mandate]) => mandate)).toEqual(['2', '0', '1']);
    expect((await crm.http.get('/customers/1')).body).toMatchObject(older);
    for (const { event } of await readWaiting(crm.db, topics.customers)) {
      const value = Buffer.from(JSON.stringify(event));
      expect(parseCustomerChange({ value, timestamp: noon }).data).toMatchObject({ record: older });
    }
  });

  it('gets no new version when the whole record is sent back', async () => {
    const { body } = await crm.http.get('/customers/1').expect(200);
    await crm.http.put('/customers/1').send(body).expect(200).expect('ETag', '"1"');
    await crm.http.patch('/customers/1').send({ city: 'Ensch\u00e9de \ufffd' }).expect(200).expect('ETag', '"1"');
  });

  it('is validated in the fields that change, and only in these', async () => {
    const change = { ...whole, lastName: 'Lo\u200bpez', connectionMandate: '3' };
    const { body } = await crm.http.put('/customers/1').send(change).expect(422);
    expect(fieldsOf(body)).toEqual(['lastName', 'connectionMandate']);
    const refused = await crm.http
      .patch('/customers/1')
      .send({ ...older, nickname: 'Cor' })
      .expect(422);
    expect(fieldsOf(refused.body)).toEqual(['nickname']);
    await crm.http
      .patch('/customers/1')
      .send({ ...older, lastName: 'Lopez' })
      .expect(200);
  });

  it('is exported, listed and erased', async () => {
    expect((await crm.http.get('/customers/1/export').expect(200)).body.customer).toMatchObject(older);
    expect((await crm.http.get('/customers').expect(200)).body.items).toMatchObject([older]);
    await crm.http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200);
  });
});

it.each([null, [], 'text'])('refuses %j as the change of a customer', async (body) => {
  const { status } = await crm.http
    .patch('/customers/1')
    .set('Content-Type', 'application/json')
    .send(JSON.stringify(body));
  expect([400, 422]).toContain(status);
});
