import { beforeEach, describe, expect, it } from 'vitest';
import { createCrmWithCorinne } from '../../../tests/crm-app.ts';
import { molly } from '../../../tests/lab-customers.ts';
import { noon } from '../../../tests/test-runtime.ts';

const hour = 60 * 60 * 1000;

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

type Change = { connectionId: string; connectionMandate: string };
const brief = ({ connectionId, connectionMandate }: Change) => `${connectionId}: ${connectionMandate}`;
const history = async (query = '') => {
  const { body } = await crm.http.get(`/customers/1/mandate-history${query}`).expect(200);
  return body.items.map(brief);
};
const inForce = (at: number) => history(`?at=${new Date(at).toISOString()}`);

/** Corinne grants real-time reading after one hour, moves to another connection after two, and is deleted after three. */
const changeMandates = async () => {
  crm.setClock(noon + hour);
  await crm.http.patch('/customers/1').send({ connectionMandate: '2' }).expect(200);
  crm.setClock(noon + 2 * hour);
  await crm.http.patch('/customers/1').send({ connectionId: '9001' }).expect(200);
  crm.setClock(noon + 3 * hour);
  await crm.http.delete('/customers/1').expect(204);
};

describe('the history of a customer’s mandates', () => {
  it('lists each change with who made it, the channel and the reference', async () => {
    await crm.http
      .patch('/customers/1')
      .set({ 'Mandate-Changed-By': 'clerk 12', 'Mandate-Channel': 'phone', 'Mandate-Reference': 'call 4711' })
      .send({ connectionMandate: '2' })
      .expect(200);
    const { body } = await crm.http.get('/customers/1/mandate-history').expect(200);
    expect(body).toEqual({
      items: [
        {
          connectionId: '7733',
          connectionMandate: '2',
          revision: noon + 1,
          changedAt: new Date(noon).toISOString(),
          changedBy: 'clerk 12',
          channel: 'phone',
          reference: 'call 4711',
        },
        expect.objectContaining({ connectionMandate: '1', changedBy: null, channel: 'api', reference: null }),
      ],
      next: null,
    });
  });

  it('lists the changes of all connections, the newest first, and outlives the customer', async () => {
    await changeMandates();
    expect(await history()).toEqual(['9001: 0', '9001: 2', '7733: 0', '7733: 2', '7733: 1']);
  });

  it('does not include the changes of the next customer of a connection', async () => {
    await changeMandates();
    await crm.http
      .post('/customers')
      .send({ ...molly, connectionId: '7733', connectionMandate: '1' })
      .expect(201);
    expect(await history()).toHaveLength(5);
    const { body } = await crm.http.get('/customers/2/mandate-history').expect(200);
    expect(body.items.map(brief)).toEqual(['7733: 1']);
  });

  it('is read page by page', async () => {
    await changeMandates();
    const seen: string[] = [];
    let next: string | null = '/customers/1/mandate-history?limit=2';
    while (next) {
      const { body }: { body: { items: Change[]; next: string | null } } = await crm.http.get(next).expect(200);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map(brief));
      next = body.next;
    }
    expect(seen).toEqual(await history());
  });

  it('is answered with 404 for an id that never was a customer', async () => {
    await crm.http.get('/customers/42/mandate-history').expect(404);
    await crm.http.get('/customers/x/mandate-history?at=2026-11-21T12:00:00Z').expect(404);
  });

  it.each([
    ['limit=0', 'limit'],
    ['after=7733', 'after'],
    ['at=yesterday', 'at'],
    ['at=2026-11-21T12:00:00', 'at'],
    ['at=2026-11-21T12:00:00Z&after=1-7733', 'at'],
    ['before=1', 'before'],
  ])('refuses ?%s and names the field', async (query, field) => {
    const { body } = await crm.http.get(`/customers/1/mandate-history?${query}`).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field })]);
  });
});

describe('the mandates in force at a time', () => {
  it('are none before the first change', async () => {
    expect(await inForce(noon - 1)).toEqual([]);
  });

  it('are those of the last change, from the exact time of the change', async () => {
    await changeMandates();
    expect(await inForce(noon)).toEqual(['7733: 1']);
    expect(await inForce(noon + hour - 1)).toEqual(['7733: 1']);
    expect(await inForce(noon + hour)).toEqual(['7733: 2']);
  });

  it('are 0 for a connection that was given up, and for a deleted customer', async () => {
    await changeMandates();
    expect(await inForce(noon + 2 * hour)).toEqual(['7733: 0', '9001: 2']);
    expect(await inForce(noon + 3 * hour)).toEqual(['7733: 0', '9001: 0']);
  });

  it('can be requested in any time zone', async () => {
    await changeMandates();
    expect(await history(`?at=${encodeURIComponent('2026-11-21T14:00:00+01:00')}`)).toEqual(['7733: 2']);
  });
});

describe('the evidence of a change', () => {
  it.each([
    ['Mandate-Channel', 'pigeon'],
    ['Mandate-Changed-By', 'x'.repeat(101)],
    ['Mandate-Reference', ''],
    ['Mandate-Reference', 'é'],
  ])('is refused when %s is %j', async (header, value) => {
    const { body } = await crm.http
      .patch('/customers/1')
      .set(header, value)
      .send({ connectionMandate: '2' })
      .expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: header })]);
    expect(await history()).toEqual(['7733: 1']);
  });
});
