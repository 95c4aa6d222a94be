import { beforeEach, describe, expect, it } from 'vitest';
import { maxRevision } from '../../../contracts/cloud-event.ts';
import { parseConnectionMandate } from '../../../contracts/events/connection-mandate-changed/upcasters.ts';
import type { HeldMandate, MandatesPage } from '../../../contracts/mandates-page.ts';
import { maxRepublishedRevision } from '../../../contracts/mandates-page.ts';
import { topics } from '../../../contracts/topics.ts';
import { createCrmWithCorinne } from '../../../tests/crm-app.ts';
import { molly } from '../../../tests/lab-customers.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const page = async (query = ''): Promise<MandatesPage> => (await crm.http.get(`/mandates${query}`).expect(200)).body;
const brief = ({ items }: MandatesPage) =>
  items.map(({ connectionId, connectionMandate }) => `${connectionId}: ${connectionMandate}`);
const register = (connectionId: string, connectionMandate = '1') =>
  crm.http
    .post('/customers')
    .send({ ...molly, connectionId, connectionMandate })
    .expect(201);
const patch = (connectionMandate: string) => crm.http.patch('/customers/1').send({ connectionMandate }).expect(200);

describe('the mandates of all connections', () => {
  it('include every connection ever, by ascending id, with 0 for a connection that was given up', async () => {
    await register('928', '2');
    await register('A-1');
    await register('10');
    await crm.http.patch('/customers/1').send({ connectionId: '4617' }).expect(200);
    await crm.http.delete('/customers/2').expect(204);
    expect(brief(await page())).toEqual(['10: 1', '4617: 1', '7733: 0', '928: 0', 'A-1: 1']);
  });

  it('have the revision and time of the last change, and name no person', async () => {
    crm.setClock(noon + 1_000);
    await patch('2');
    const { body, text } = await crm.http.get('/mandates').expect(200);
    const changedAt = new Date(noon + 1_000).toISOString();
    const mandate = { connectionId: '7733', connectionMandate: '2', revision: noon + 1_000, changedAt };
    expect(body).toEqual({ items: [mandate], next: null });
    expect(text).not.toMatch(/Corinne|Lopez|Enschede|customer/);
  });

  it('are read page by page, and registrations between two pages neither repeat nor hide others', async () => {
    for (const id of ['1', '2', '3']) await register(id);
    const first = await page('?limit=2');
    expect([brief(first), first.next]).toEqual([['1: 1', '2: 1'], '/mandates?limit=2&after=2']);
    await register('15');
    await register('25');
    const { body } = await crm.http.get(String(first.next)).expect(200);
    expect([brief(body), body.next]).toEqual([['25: 1', '3: 1'], '/mandates?limit=2&after=3']);
    const { body: last } = await crm.http.get(body.next).expect(200);
    expect([brief(last), last.next]).toEqual([['7733: 1'], null]);
  });

  it('can be filtered by one connection', async () => {
    await register('928');
    expect(brief(await page('?connectionId=928'))).toEqual(['928: 1']);
    expect(await page('?connectionId=42')).toEqual({ items: [], next: null });
  });

  it('have the time of the revision if the connection was given up before the CRM kept evidence', async () => {
    await crm.http.delete('/customers/1').expect(204);
    await crm.db.deleteFrom('mandateChange').execute();
    const [mandate] = (await page()).items;
    expect(mandate).toMatchObject({
      connectionMandate: '0',
      changedAt: new Date(Number(mandate?.revision)).toISOString(),
    });
  });

  it('never pair a revision with the mandate of another one during changes', async () => {
    const seen: HeldMandate[] = [];
    const change = async () => {
      for (let n = 0; n < 12; n++) await patch(String(n % 3));
    };
    const readPages = async () => {
      for (let n = 0; n < 24; n++) seen.push(...(await page()).items);
    };
    await Promise.all([change(), readPages()]);
    const changes = await crm.db.selectFrom('mandateChange').select(['revision', 'connectionMandate']).execute();
    const levels = new Map(changes.map(({ revision, connectionMandate }) => [Number(revision), connectionMandate]));
    for (const { revision, connectionMandate } of seen) expect(connectionMandate).toBe(levels.get(revision));
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=many', 'limit'],
    ['after=a%20b', 'after'],
    ['after=42', 'after'],
    ['connectionId=', 'connectionId'],
    ['connectionId=7733&after=1', 'after'],
    ['customerId=1', 'customerId'],
  ])('are refused for ?%s, and the answer names the field', async (query, field) => {
    const { body } = await crm.http.get(`/mandates?${query}`).expect(400);
    expect(body).toMatchObject({ type: 'urn:problem:invalid-parameter', errors: [{ field }] });
  });
});

describe('a republication', () => {
  const republish = (body: object = {}, connectionId = '7733') =>
    crm.http.post(`/mandates/${connectionId}/republication`).send(body);
  const forged = 999_999_999_999_999;

  it('publishes the mandate above a revision that the CRM never issued, and later changes continue above it', async () => {
    const { body, headers } = await republish({ above: forged }).expect(200);
    expect(body).toEqual({
      connectionId: '7733',
      connectionMandate: '1',
      revision: forged + 1,
      changedAt: new Date(noon).toISOString(),
    });
    expect(headers['mandate-revision']).toBe(String(forged + 1));
    await crm.http
      .patch('/customers/1')
      .send({ connectionMandate: '2' })
      .expect('Mandate-Revision', `${forged + 2}`);
    expect(await crm.waitingMandates()).toEqual([
      ['7733', '1', forged + 1],
      ['7733', '2', forged + 2],
    ]);
    const [waiting] = await readWaiting(crm.db, topics.connectionMandates);
    const value = Buffer.from(JSON.stringify(waiting?.event));
    expect(parseConnectionMandate({ value, timestamp: forged }).revision).toBe(forged + 1);
    expect(await page()).toMatchObject({ items: [{ connectionMandate: '2', revision: forged + 2 }] });
  });

  it('publishes above the CRM’s last revision if that is higher than the given one, or none is given', async () => {
    expect((await republish({ above: 5 }).expect(200)).body.revision).toBe(noon + 1);
    expect((await republish().expect(200)).body.revision).toBe(noon + 2);
    crm.setClock(noon + 1_000);
    expect((await republish().expect(200)).body.revision).toBe(noon + 1_000);
  });

  it('is recorded as evidence with its own channel and with who requested it', async () => {
    await republish({ above: forged })
      .set({ 'Mandate-Changed-By': 'operator 3', 'Mandate-Reference': 'incident 12' })
      .expect(200);
    const { body } = await crm.http.get(`/customers/1/mandate-history?limit=1`).expect(200);
    expect(body.items).toMatchObject([
      {
        connectionMandate: '1',
        revision: forged + 1,
        channel: 'republication',
        changedBy: 'operator 3',
        reference: 'incident 12',
      },
    ]);
    expect(body.next).toBe(`/customers/1/mandate-history?limit=1&after=${forged + 1}-7733`);
    const { body: next } = await crm.http.get(body.next).expect(200);
    expect(next.items).toMatchObject([{ revision: noon, channel: 'api' }]);
  });

  it('of a connection that was given up publishes 0, recorded under its last customer', async () => {
    await crm.http.delete('/customers/1').expect(204);
    await republish({ above: forged }).expect(200);
    expect((await crm.waitingMandates()).at(-1)).toEqual(['7733', '0', forged + 1]);
    const { body } = await crm.http.get('/customers/1/mandate-history?limit=1').expect(200);
    expect(body.items).toMatchObject([{ connectionMandate: '0', channel: 'republication' }]);
    await crm.db.deleteFrom('mandateChange').execute();
    expect((await republish().expect(200)).body).toMatchObject({ connectionMandate: '0', revision: forged + 2 });
  });

  it('at the same time as a change ends with the mandate that the CRM has', async () => {
    for (const level of ['2', '0', '1', '2']) {
      await Promise.all([patch(level), republish(), republish({ above: 7 })]);
      const events = (await crm.waitingMandates()) as [string, string, number][];
      const [, last] = events.sort((a, b) => a[2] - b[2]).at(-1) ?? [];
      expect(last).toBe(level);
      expect(new Set(events.map(([, , revision]) => revision)).size).toBe(events.length);
    }
  });

  it.each([
    [{ above: maxRevision + 1 }, 'above'],
    [{ above: -1 }, 'above'],
    [{ above: '7' }, 'above'],
    [{ above: 1.5 }, 'above'],
    [{ below: 7 }, 'below'],
  ])('is refused for %j, and the answer names the field', async (body, field) => {
    const answer = await republish(body).expect(422);
    expect(answer.body).toMatchObject({ type: 'urn:problem:invalid-body', errors: [{ field }] });
    expect(await crm.waitingMandates()).toEqual([]);
  });

  it.each([
    maxRevision,
    maxRepublishedRevision,
  ])('is refused with a remedy if no revision is left above %d', async (above) => {
    const { body } = await republish({ above }).expect(409);
    expect(body).toMatchObject({
      type: 'urn:problem:revision-too-high',
      detail: expect.stringContaining(String(above)),
      remedy: expect.stringContaining('npm run rebuild -- --from-crm'),
    });
    expect([await crm.waitingMandates(), brief(await page())]).toEqual([[], ['7733: 1']]);
    expect((await republish({ above: maxRepublishedRevision - 1 }).expect(200)).body.revision).toBe(
      maxRepublishedRevision,
    );
  });

  it('of a connection that the CRM never had is refused', async () => {
    const { body } = await republish({ above: forged }, '42').expect(404);
    expect(body).toMatchObject({ type: 'urn:problem:connection-unknown', remedy: expect.any(String) });
    await republish({}, 'a b').expect(400);
  });
});
