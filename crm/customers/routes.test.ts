import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { watchTestOutbox } from '../../tests/crm-app.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { corinne, molly } from '../../tests/lab-customers.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import { createCrmApp } from '../app.ts';
import { createImportQueue, importOnce } from '../imports/index.ts';

/** The customer as the API shows it, with defaults for the fields that a caller may omit. */
const showWithDefaults = (customer: object) => {
  const at = new Date(noon).toISOString();
  return { email: null, phone: null, createdAt: at, updatedAt: at, version: 1, ...customer };
};

const createCrm = async ({ empty = false } = {}) => {
  const runtime = createTestRuntime();
  const db = await openTestDatabase();
  const context = { ...runtime, db, onCommit: () => {} };
  if (!empty) await importOnce(context, 'data/customer-database.csv');
  const bus = openEmbeddedPlatform(':memory:', []).eventBus('crm');
  const parts = { imports: createImportQueue(context, dataFolder()), outbox: watchTestOutbox(context) };
  const http = request(createCrmApp({ ...context, ...parts, bus, isDurable: false }));
  const outbox = async () => {
    const mandates = db.selectFrom('outbox').selectAll().where('topic', '=', topics.connectionMandates.name);
    const rows = await mandates.orderBy('sequence').execute();
    return rows.map(({ event, eventKey, id }) => ({ ...JSON.parse(event), eventKey, rowId: id }));
  };
  await db.deleteFrom('outbox').execute();
  return { http, outbox, db, setClock: runtime.setClock };
};

describe('reading customers', () => {
  it('finds one by the legacy route and by its path', async () => {
    const { http } = await createCrm();
    const expected = { customerId: '7', ...corinne };
    await http.get('/?customerId=7').expect(200, expected);
    await http.get('/customers/7').expect(200, showWithDefaults(expected));
  });

  it('returns all of them as an object keyed by id', async () => {
    const { http } = await createCrm();
    const { body } = await http.get('/').expect(200);
    expect(Object.keys(body)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect(body['8']).toEqual({
      customerId: '8',
      firstName: 'Mary',
      lastName: 'Bertrand',
      city: 'Winchelsea Beach',
      connectionId: '3481',
      connectionMandate: '1',
    });
  });

  it('returns them page by page', async () => {
    const { http } = await createCrm();
    const seen: string[] = [];
    let next: string | null = '/customers?limit=3';
    while (next) {
      const { body }: { body: { items: { customerId: string }[]; next: string | null } } = await http
        .get(next)
        .expect(200);
      seen.push(...body.items.map(({ customerId }) => customerId));
      next = body.next;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  });

  it.each([
    '42',
    '0',
    '__proto__',
    'constructor',
    '1%00',
    '%F0%9F%92%A9',
    '9'.repeat(5000),
  ])('answers 404 for customer %s', async (id) => {
    const { http } = await createCrm();
    const { body } = await http
      .get(`/customers/${id}`)
      .expect(404)
      .expect('Content-Type', /problem\+json/);
    expect(body).toMatchObject({ type: 'urn:problem:customer-unknown', status: 404 });
    await http.get(`/?customerId=${id}`).expect(404);
  });

  it.each([
    ['/?customerId=', 'customerId'],
    ['/?customerId=1&customerId=2', 'customerId'],
    ['/?customer=1', 'customer'],
    ['/customers?limit=0', 'limit'],
    ['/customers?limit=many', 'limit'],
    ['/customers?after=x', 'after'],
  ])('refuses %s and names the field', async (url, field) => {
    const { http } = await createCrm();
    const { body } = await http.get(url).expect(400);
    expect(body.errors[0]).toMatchObject({ field, expected: expect.any(String) });
  });
});

describe('registering a customer', () => {
  it('assigns the next id and puts one keyed event with a revision into the outbox', async () => {
    const { http, outbox } = await createCrm();
    await http
      .post('/customers')
      .send(molly)
      .expect(201, showWithDefaults({ ...molly, customerId: '9' }))
      .expect('Location', '/customers/9');
    const [event, ...others] = await outbox();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      eventKey: '928',
      specversion: '1.0',
      type: 'utility.crm.connection-mandate-changed.v1',
      subject: '928',
      sequence: String(noon),
      time: new Date(noon).toISOString(),
      data: { connectionId: '928', connectionMandate: '0' },
    });
    expect(event.id).toBe(event.rowId);
    await http
      .put('/customers/9')
      .send({ ...molly, city: 'Delft' })
      .expect('Mandate-Revision', event.sequence);
    await http
      .put('/customers/9')
      .send({ ...molly, connectionMandate: '1' })
      .expect('Mandate-Revision', String(noon + 1));
  });

  it('assigns id 1 to the first customer of an empty CRM', async () => {
    const { http } = await createCrm({ empty: true });
    await http
      .post('/customers')
      .send(molly)
      .expect(201, showWithDefaults({ ...molly, customerId: '1' }));
  });

  it('refuses a connection that another customer holds, with the holder and the command that changes it', async () => {
    const { http, outbox } = await createCrm();
    const body = { ...molly, lastName: "O'Peterson" };
    await http.post('/customers').send(body).expect(201);
    const { body: problem } = await http.post('/customers').send(body).expect(409);
    expect(problem).toMatchObject({ holder: '9', errors: [{ field: 'connectionId' }] });
    expect(problem.remedy).toContain('/customers/9 -H');
    expect(problem.remedy).toContain(String.raw`O'\''Peterson`);
    expect(await outbox()).toHaveLength(1);
  });

  it('propagates the caller’s trace context in the event', async () => {
    const { http, outbox } = await createCrm();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await http.post('/customers').set('traceparent', traceparent).send(molly).expect(201);
    expect((await outbox())[0].traceparent).toBe(traceparent);
  });

  it('accepts numbers for strings of digits and stores strings', async () => {
    const { http } = await createCrm();
    const sent = { ...molly, connectionId: 928, connectionMandate: 0 };
    await http
      .post('/customers')
      .send(sent)
      .expect(201, showWithDefaults({ ...molly, customerId: '9' }));
  });
});

describe('changing a customer', () => {
  it.each(['post', 'put'] as const)('replaces it by %s', async (method) => {
    const { http, outbox } = await createCrm();
    const changed = { ...corinne, connectionMandate: '2' };
    await http[method]('/customers/7')
      .send(changed)
      .expect(200, showWithDefaults({ customerId: '7', ...changed, version: 2 }));
    expect((await outbox()).map(({ data, sequence }) => [data.connectionMandate, sequence])).toEqual([
      ['2', String(noon + 1)],
    ]);
  });

  it('removes an e-mail address and a phone number when a replacement omits them', async () => {
    const { http, setClock } = await createCrm();
    const contacts = { email: 'corinne@example.org', phone: '+31 53 1234567' };
    setClock(noon + 60_000);
    const changed = { customerId: '7', ...corinne, updatedAt: new Date(noon + 60_000).toISOString() };
    await http
      .put('/customers/7')
      .send({ ...corinne, ...contacts })
      .expect(200, showWithDefaults({ ...changed, ...contacts, version: 2 }));
    await http.get('/?customerId=7').expect(200, { customerId: '7', ...corinne });
    await http
      .put('/customers/7')
      .send(corinne)
      .expect(200, showWithDefaults({ ...changed, version: 3 }));
  });

  it('makes no new version of equal data', async () => {
    const { http, setClock } = await createCrm();
    setClock(noon + 60_000);
    await http
      .put('/customers/7')
      .send(corinne)
      .expect(200, showWithDefaults({ customerId: '7', ...corinne }));
  });

  it('writes the evidence of each changed mandate', async () => {
    const { http, db } = await createCrm();
    const moved = { ...corinne, connectionId: '9001', connectionMandate: '2' };
    await http.put('/customers/7').send(moved).expect(200);
    const changes = db.selectFrom('mandateChange').selectAll().where('customerId', '=', 7).where('channel', '=', 'api');
    const written = { customerId: 7, changedAt: noon, changedBy: null, channel: 'api', reference: null };
    expect(await changes.orderBy('connectionId').execute()).toEqual([
      { ...written, connectionId: '7733', connectionMandate: '0', revision: noon + 1 },
      { ...written, connectionId: '9001', connectionMandate: '2', revision: noon },
    ]);
  });

  it('publishes nothing when only the city changes', async () => {
    const { http, outbox } = await createCrm();
    await http
      .put('/customers/7')
      .send({ ...corinne, city: 'Hengelo' })
      .expect(200);
    expect(await outbox()).toEqual([]);
  });

  it('revokes the connection that is given up, and another customer can take it with a higher revision', async () => {
    const { http, outbox } = await createCrm();
    await http
      .put('/customers/7')
      .send({ ...corinne, connectionId: '9001' })
      .expect(200);
    await http
      .post('/customers')
      .send({ ...molly, connectionId: '7733', connectionMandate: '2' })
      .expect(201);
    const mandates = (await outbox()).map(({ data, sequence }) => [
      data.connectionId,
      data.connectionMandate,
      Number(sequence),
    ]);
    expect(mandates).toEqual([
      ['7733', '0', noon + 1],
      ['9001', '1', noon],
      ['7733', '2', noon + 2],
    ]);
  });

  it('accepts the unchanged body of a GET', async () => {
    const { http } = await createCrm();
    const { body } = await http.get('/customers/7');
    await http.put('/customers/7').send(body).expect(200, body);
    await http.put('/customers/6').send(body).expect(422);
  });

  it('refuses the connection of another customer, and changes nothing', async () => {
    const { http, outbox } = await createCrm();
    const { body } = await http
      .put('/customers/7')
      .send({ ...corinne, connectionId: '8179' })
      .expect(409);
    expect(body.holder).toBe('1');
    await http.get('/customers/7').expect(200, showWithDefaults({ customerId: '7', ...corinne }));
    expect(await outbox()).toEqual([]);
  });

  it('answers 404 for an unknown customer', async () => {
    const { http } = await createCrm();
    await http.post('/customers/42').send(corinne).expect(404);
  });
});

describe('bad input', () => {
  it.each([
    [{ ...molly, connectionMandate: '3' }, 'connectionMandate'],
    [{ ...molly, connectionMandate: undefined }, 'connectionMandate'],
    [{ ...molly, connectionId: 'abc' }, 'connectionId'],
    [{ ...molly, firstName: '' }, 'firstName'],
    [{ ...molly, extra: 1 }, 'extra'],
    [{ ...molly, customerId: '3' }, 'customerId'],
    [[], 'body'],
  ])('is answered with 422 and the field: %j', async (body, field) => {
    const { http, outbox } = await createCrm();
    const { body: problem } = await http.post('/customers').send(body).expect(422);
    expect(problem.errors).toEqual([expect.objectContaining({ field, expected: expect.any(String) })]);
    expect(await outbox()).toEqual([]);
  });

  it.each([
    ['malformed JSON', 400, 'application/json', '{"firstName":'],
    ['a bare string', 400, 'application/json', '"text"'],
    ['a form', 415, 'application/x-www-form-urlencoded', 'a=1'],
    ['a strange charset', 415, 'application/json; charset=x-unknown', '{}'],
    ['more than 1 MiB', 413, 'application/json', JSON.stringify({ city: 'x'.repeat(1024 * 1024) })],
  ])('is answered with problem details: %s', async (_, status, type, body) => {
    const { http } = await createCrm();
    const { body: problem } = await http.post('/customers').set('Content-Type', type).send(body).expect(status);
    expect(problem).toMatchObject({
      status,
      detail: expect.any(String),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('cannot pollute the object prototype', async () => {
    const { http } = await createCrm();
    const body = '{"__proto__":{"firstName":"x"},"constructor":{}}';
    await http.post('/customers').set('Content-Type', 'application/json').send(body).expect(422);
    expect(({} as { firstName?: string }).firstName).toBeUndefined();
  });

  it('is answered with 405 and Allow for a method that the route does not have', async () => {
    const { http } = await createCrm();
    await http.delete('/customers').expect(405).expect('Allow', 'GET, POST, HEAD');
    await http.put('/').expect(405).expect('Allow', 'GET, HEAD');
    await http.options('/customers/7').expect(204).expect('Allow', 'GET, PUT, POST, PATCH, DELETE, HEAD');
  });

  it('is answered with problem details for an unknown route and for a path that cannot be decoded', async () => {
    const { http } = await createCrm();
    await http
      .get('/nothing')
      .expect(404)
      .expect('Content-Type', /problem\+json/);
    await http
      .get('/customers/%ff')
      .expect(400)
      .expect('Content-Type', /problem\+json/);
  });

  it('is answered with 500 and no details when the database fails', async () => {
    const { http, db } = await createCrm();
    await db.schema.dropTable('customer').execute();
    const { body, text } = await http.get('/customers/7').expect(500);
    expect(body).toMatchObject({ title: 'Internal error', traceId: expect.any(String) });
    expect(text).not.toMatch(/table|sql/i);
  });
});

describe('a change and its event', () => {
  it('are committed together or not at all', async () => {
    const { http, db } = await createCrm();
    await db.schema.dropTable('outbox').execute();
    await http.post('/customers').send(molly).expect(500);
    await http
      .put('/customers/7')
      .send({ ...corinne, connectionMandate: '2' })
      .expect(500);
    await http.get('/customers/9').expect(404);
    await http.get('/customers/7').expect(200, showWithDefaults({ customerId: '7', ...corinne }));
  });
});

describe('the state of the service', () => {
  it('shows that it is alive, ready and how many events wait', async () => {
    const { http } = await createCrm();
    await http.get('/healthz').expect(200);
    await http
      .get('/readyz')
      .expect(200, { status: 'ready', checks: { database: 'ok', eventBus: 'ok', outbox: 'ok' } });
    await http.post('/customers').send(molly);
    const { body } = await http.get('/status').expect(200);
    expect(body).toMatchObject({ outbox: { waiting: 3, since: new Date(noon).toISOString() } });
  });

  it('is not ready without its database', async () => {
    const { http, db } = await createCrm();
    await db.schema.dropTable('connection').execute();
    const { body } = await http.get('/readyz').expect(503);
    expect(body.checks).toMatchObject({ eventBus: 'ok', database: expect.stringContaining('connection') });
  });
});
