import { beforeEach, describe, expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../../tests/crm-app.ts';
import { molly } from '../../../tests/lab-customers.ts';
import { noon } from '../../../tests/test-runtime.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

describe('the export of a person', () => {
  it('is a file with the record, the evidence, the stored answers and the waiting events', async () => {
    const sent = crm.http.post('/customers').set('Idempotency-Key', 'k1').set('Mandate-Reference', 'letter 12');
    await sent.send(molly).expect(201);
    crm.setClock(noon + 1000);
    await crm.http.patch('/customers/2').send({ connectionId: '9001' }).expect(200);
    await crm.http.patch('/customers/1').send({ connectionId: molly.connectionId }).expect(200);
    const { body } = await crm.http
      .get('/customers/2/export')
      .expect(200)
      .expect('Content-Disposition', 'attachment; filename=customer-2.json');
    expect(body).toMatchObject({
      exportedAt: new Date(noon + 1000).toISOString(),
      customerId: '2',
      erasedAt: null,
      customer: { ...molly, connectionId: '9001' },
      mandateHistory: [
        { connectionId: '928', connectionMandate: '0' },
        { connectionId: '9001', connectionMandate: '0' },
        { connectionId: '928', connectionMandate: '0', reference: 'letter 12' },
      ],
      storedAnswers: [{ answer: { customer: { lastName: molly.lastName } } }],
    });
    // The last event of 928 is Corinne's.
    expect(
      body.waitingEvents.map(({ data, sequence }: { data: object; sequence: string }) => [data, sequence]),
    ).toEqual([
      [{ connectionId: '928', connectionMandate: '0' }, String(noon)],
      [{ connectionId: '928', connectionMandate: '0' }, String(noon + 1000)],
      [{ connectionId: '9001', connectionMandate: '0' }, String(noon + 1000)],
    ]);
  });

  it('has the remaining data of a deleted customer', async () => {
    await crm.http.delete('/customers/1').expect(204);
    const { body } = await crm.http.get('/customers/1/export').expect(200);
    expect(body).toMatchObject({
      customer: null,
      mandateHistory: [{ connectionMandate: '0' }, { connectionMandate: '1' }],
    });
  });

  it('is 404 for an id that never was a customer', () => crm.http.get('/customers/42/export').expect(404));
});

describe('the erasure of a person', () => {
  it('returns its time and the revision of the revocation', async () => {
    crm.setClock(noon + 1000);
    const erased = { customerId: '1', erasedAt: new Date(noon + 1000).toISOString() };
    await crm.http
      .post('/customers/1/erasure')
      .send({ customerId: '1' })
      .expect(200, erased)
      .expect('Mandate-Revision', String(noon + 1000));
    await crm.http.get('/customers/1').expect(404);
    expect(await crm.waitingMandates()).toEqual([['7733', '0', noon + 1000]]);
    crm.setClock(noon + 2000);
    const { headers } = await crm.http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200, erased);
    expect(headers['mandate-revision']).toBeUndefined();
    const { body } = await crm.http.get('/customers/1/export').expect(200);
    expect(body).toMatchObject({ erasedAt: erased.erasedAt, customer: null });
  });

  it('keeps the mandate history', async () => {
    await crm.http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200);
    const { body } = await crm.http.get('/customers/1/mandate-history').expect(200);
    expect(body.items).toMatchObject([{ connectionMandate: '0' }, { connectionMandate: '1' }]);
  });

  it('is 404 for an id that never was a customer', () =>
    crm.http.post('/customers/42/erasure').send({ customerId: '42' }).expect(404));

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ])('refuses a body of type %s, which an HTML form can send', async (type) => {
    const post = crm.http.post('/customers/1/erasure');
    const { body } = await (type ? post.type(type).send('{"customerId":"1"}') : post).expect(415);
    expect(body).toMatchObject({ type: 'urn:problem:unsupported-media-type' });
    await crm.http.get('/customers/1').expect(200);
  });

  it.each([
    {},
    [],
    { customerId: 1 },
    { customerId: '2' },
    { customerId: '01' },
    { customerId: '1', force: true },
  ])('refuses the body %j, because it does not repeat the id of the path', async (sent) => {
    const { body } = await crm.http.post('/customers/1/erasure').send(sent).expect(422);
    expect(body).toMatchObject({ type: 'urn:problem:invalid-body', errors: [{ expected: expect.any(String) }] });
    await crm.http.get('/customers/1').expect(200);
  });
});
