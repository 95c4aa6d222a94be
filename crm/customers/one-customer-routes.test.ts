import { beforeEach, describe, expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { corinne, molly } from '../../tests/lab-customers.ts';
import { noon } from '../../tests/test-runtime.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const patch = (body: object) => crm.http.patch('/customers/1').send(body);
const versionNow = async () => (await crm.http.get('/customers/1')).headers.etag;

describe('the version of a customer', () => {
  it('is the ETag of a GET, and If-None-Match with it is answered with 304', async () => {
    await crm.http.get('/customers/1').expect(200).expect('ETag', '"1"');
    const { text } = await crm.http.get('/customers/1').set('If-None-Match', '"1"').expect(304).expect('ETag', '"1"');
    expect(text).toBe('');
    await crm.http.get('/customers/1').set('If-None-Match', '"2"').expect(200);
  });

  it('is the ETag of the response to each change', async () => {
    await crm.http.post('/customers').send(molly).expect(201).expect('ETag', '"1"');
    await crm.http
      .put('/customers/1')
      .send({ ...corinne, city: 'Hengelo' })
      .expect('ETag', '"2"');
    await crm.http.post('/customers/1').send(corinne).expect('ETag', '"3"');
    await patch({ city: 'Delft' }).expect('ETag', '"4"');
  });

  it('stays the same when nothing changes', async () => {
    await patch({}).expect(200).expect('ETag', '"1"');
    await patch({ city: corinne.city }).expect(200).expect('ETag', '"1"');
  });

  it.each([
    'put',
    'post',
    'patch',
    'delete',
  ] as const)('is the precondition of a %s, which is refused with 412 and the current customer', async (method) => {
    await patch({ city: 'Hengelo' }).expect(200);
    const { body } = await crm.http[method]('/customers/1').set('If-Match', '"1"').send(corinne).expect(412);
    expect(body).toMatchObject({
      type: 'urn:problem:version-differs',
      current: { customerId: '1', city: 'Hengelo', version: 2 },
      remedy: expect.stringContaining('If-Match: "2"'),
    });
    expect(await versionNow()).toBe('"2"');
    await crm.http[method]('/customers/1')
      .set('If-Match', '"1", "2"')
      .send(corinne)
      .expect(method === 'delete' ? 204 : 200);
  });

  it('lets only one of two writers with the same ETag succeed', async () => {
    const write = (city: string) => patch({ city }).set('If-Match', '"1"');
    const answers = await Promise.all([write('Hengelo'), write('Delft')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(await versionNow()).toBe('"2"');
  });

  it('must be sent as a valid entity tag', async () => {
    const { body } = await crm.http.get('/customers/1').set('If-None-Match', '1').expect(400);
    expect(body.errors[0]).toMatchObject({ field: 'If-None-Match', got: '1' });
    await patch({}).set('If-Match', 'one').expect(400);
    await patch({}).set('If-Match', '*').expect(200);
  });

  it('is not checked for an unknown customer, which is 404', () =>
    crm.http.put('/customers/42').set('If-Match', '"1"').send(corinne).expect(404));
});

describe('changing a part of a customer', () => {
  it('keeps the other fields, and publishes nothing if the mandate does not change', async () => {
    const { body } = await patch({ city: 'Delft', phone: '+31 6 12345678' }).expect(200);
    expect(body).toMatchObject({ ...corinne, city: 'Delft', email: 'corinne@example.org', phone: '+31 6 12345678' });
    expect(await crm.waitingMandates()).toEqual([]);
  });

  it('removes a field that is null', async () => {
    const { body } = await patch({ email: null }).expect(200);
    expect(body.email).toBeNull();
  });

  it('publishes a changed mandate, and revokes a connection that the customer leaves', async () => {
    await patch({ connectionMandate: '2' })
      .expect(200)
      .expect('Mandate-Revision', String(noon + 1));
    await patch({ connectionId: '9001' }).expect(200).expect('Mandate-Revision', String(noon));
    expect(await crm.waitingMandates()).toEqual([
      ['7733', '2', noon + 1],
      ['7733', '0', noon + 2],
      ['9001', '2', noon],
    ]);
  });

  it('accepts a JSON merge patch, and no JSON patch', async () => {
    const send = (type: string, body: string) => crm.http.patch('/customers/1').set('Content-Type', type).send(body);
    await send('application/merge-patch+json', '{"city":"Delft"}').expect(200);
    await send('application/json-patch+json', '[{"op":"remove","path":"/email"}]').expect(415);
    await send('application/merge-patch+json', '{"city":').expect(400);
  });

  it.each([
    [{ firstName: null }, 'firstName'],
    [{ connectionMandate: null }, 'connectionMandate'],
    [{ connectionMandate: '3' }, 'connectionMandate'],
    [{ nickname: 'Co' }, 'nickname'],
    [{ customerId: '1' }, 'customerId'],
    [{ version: 7 }, 'version'],
    [[], 'body'],
  ])('refuses %j, naming the field', async (body, field) => {
    const { body: problem } = await patch(body).expect(422);
    expect(problem.errors).toEqual([expect.objectContaining({ field })]);
    expect(await versionNow()).toBe('"1"');
  });

  it('refuses the connection of another customer, with the command that changes that customer', async () => {
    await crm.http.post('/customers').send(molly).expect(201);
    const { body } = await patch({ connectionId: molly.connectionId }).expect(409);
    expect(body).toMatchObject({ holder: '2', remedy: expect.stringContaining('curl -X PATCH http') });
  });

  it('is 404 for an unknown customer', () => crm.http.patch('/customers/42').send({ city: 'Delft' }).expect(404));
});

describe('deleting a customer', () => {
  it('revokes the connection, and the next holder continues its revisions', async () => {
    const { text } = await crm.http
      .delete('/customers/1')
      .expect(204)
      .expect('Mandate-Revision', String(noon + 1));
    expect(text).toBe('');
    await crm.http.get('/customers/1').expect(404);
    await crm.http
      .post('/customers')
      .send({ ...molly, connectionId: '7733' })
      .expect(201);
    expect(await crm.waitingMandates()).toEqual([
      ['7733', '0', noon + 1],
      ['7733', '0', noon + 2],
    ]);
  });

  it('is 404 the second time, and the number is never assigned again', async () => {
    await crm.http.delete('/customers/1').expect(204);
    await crm.http.delete('/customers/1').expect(404);
    const { body } = await crm.http.post('/customers').send(molly).expect(201);
    expect(body.customerId).toBe('2');
  });
});

describe('registering with an Idempotency-Key', () => {
  const register = (key: string, change: object = {}) =>
    crm.http
      .post('/customers')
      .set('Idempotency-Key', key)
      .send({ ...molly, ...change });

  it('answers a repetition with the same status, headers and body, and registers once', async () => {
    const first = await register('"k1"', { connectionMandate: '1' }).expect(201);
    crm.setClock(noon + 5000);
    await crm.http.patch('/customers/2').send({ city: 'Delft', connectionMandate: '2' }).expect(200);
    const again = await register('k1', { connectionMandate: 1 }).expect(201);
    expect(again.text).toBe(first.text);
    for (const header of ['location', 'etag', 'mandate-revision'])
      expect(again.headers[header]).toBe(first.headers[header]);
    expect(await crm.waitingMandates()).toHaveLength(2);
  });

  it('gives simultaneous requests the same answer', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => register('k1')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await crm.waitingMandates()).toHaveLength(1);
  });

  it('refuses different content and a malformed key', async () => {
    await register('k1').expect(201);
    const { body } = await register('k1', { city: 'Delft' }).expect(422);
    expect(body).toMatchObject({ type: 'urn:problem:key-reused', errors: [{ field: 'Idempotency-Key' }] });
    const { body: malformed } = await register('two words').expect(400);
    expect(malformed.errors[0]).toMatchObject({ field: 'Idempotency-Key' });
  });

  it('is 410 if the person was erased since', async () => {
    await register('k1').expect(201);
    await crm.http.post('/customers/2/erasure').send({ customerId: '2' }).expect(200);
    const { body } = await register('k1').expect(410);
    expect(body.type).toBe('urn:problem:answer-erased');
  });
});
