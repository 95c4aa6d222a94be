import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { testWorld } from '../../tests/test-world.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { loopbackOnly } from '../http/access-rules.ts';
import { deliveryApp } from '../http/delivery-app.ts';
import { createDeliveries } from './deliveries.ts';
import { sidecarOnly } from './guard.ts';

const now = 1_000;
const entry = (entryId: string, text: string, metadata?: Record<string, string>) => ({
  entryId,
  event: Buffer.from(text).toString('base64'),
  contentType: 'application/octet-stream',
  ...(metadata && { metadata }),
});

const subscribed = (token?: string) => {
  const deliveries = createDeliveries(sidecarOnly(token), { ...testWorld(), now: () => now });
  const seen: DeliveredRecord[] = [];
  const subscription = deliveries.add('pubsub', 'things', async (batch) => {
    seen.push(...batch);
    if (batch.some(({ value }) => value.toString() === 'throw')) throw new Error('the handler fails');
    return batch.map(({ value }) => (value.toString() === 'later' ? 'retry' : 'done'));
  });
  return {
    http: request(deliveryApp(deliveries.router, { ...testWorld(), access: loopbackOnly })),
    seen,
    subscription,
  };
};

describe('what a sidecar asks and delivers', () => {
  it('is told of the subscription: raw and in bulk', async () => {
    const { body } = await subscribed().http.get('/dapr/subscribe').expect(200);
    expect(body).toEqual([
      {
        pubsubname: 'pubsub',
        topic: 'things',
        routes: { default: '/deliveries/things' },
        metadata: { rawPayload: 'true' },
        bulkSubscribe: { enabled: true, maxMessagesCount: 10000, maxAwaitDurationMs: 4 },
      },
    ]);
  });

  it('is handed on as records with their place, and answered entry by entry', async () => {
    const { http, seen } = subscribed();
    const metadata = { __key: 'k', __partition: '2', __offset: '7', __timestamp: '5', __topic: 'things' };
    const entries = [entry('0', 'now', metadata), entry('1', 'later', { partitionKey: 'p' }), entry('2', 'bare')];
    const { body } = await http.post('/deliveries/things').send({ entries }).expect(200);
    expect(body.statuses).toEqual([
      { entryId: '0', status: 'SUCCESS' },
      { entryId: '1', status: 'RETRY' },
      { entryId: '2', status: 'SUCCESS' },
    ]);
    expect(seen).toEqual([
      { topic: 'things', value: Buffer.from('now'), key: 'k', partition: 2, offset: 7, timestamp: 5 },
      { topic: 'things', value: Buffer.from('later'), key: 'p', timestamp: now },
      { topic: 'things', value: Buffer.from('bare'), timestamp: now },
    ]);
  });

  it('has no place where what is said of it cannot be', async () => {
    const { http, seen } = subscribed();
    const metadata = { __partition: '-1', __offset: '7', __timestamp: 'soon' };
    await http
      .post('/deliveries/things')
      .send({ entries: [entry('0', 'now', metadata)] })
      .expect(200);
    expect(seen).toEqual([{ topic: 'things', value: Buffer.from('now'), timestamp: now }]);
  });

  it('is to be delivered again when the handler throws, or when the subscription is closed', async () => {
    const { http, subscription } = subscribed();
    const again = { statuses: [{ entryId: '0', status: 'RETRY' }] };
    await http
      .post('/deliveries/things')
      .send({ entries: [entry('0', 'throw')] })
      .expect(200, again);
    await subscription.close();
    await http
      .post('/deliveries/things')
      .send({ entries: [entry('0', 'now')] })
      .expect(200, again);
  });
});

it('what cannot be read, or came to the wrong place, is never answered with 404', async () => {
  const { http } = subscribed();
  await http.post('/deliveries/others').send({ entries: [] }).expect(503);
  await http
    .post('/deliveries/things')
    .type('application/json')
    .send('{"entries":')
    .expect(400)
    .expect('Content-Type', /text\/plain/);
  await http
    .post('/deliveries/things')
    .send({})
    .expect(500)
    .expect('Content-Type', /text\/plain/);
});

describe('deliveries without a token', () => {
  const delivery = { entries: [entry('0', 'now')] };

  it('come from this machine', () => subscribed().http.post('/deliveries/things').send(delivery).expect(200));

  it('do not come from a page that a browser shows: another Host, or no JSON', async () => {
    const { http, seen } = subscribed();
    await http.post('/deliveries/things').set('Host', 'evil.example').send(delivery).expect(421);
    await http.post('/deliveries/things').type('text/plain').send(JSON.stringify(delivery)).expect(403);
    await http.get('/dapr/subscribe').set('Host', 'evil.example').expect(421);
    expect(seen).toEqual([]);
  });
});

it('deliveries with a token come from whoever has it', async () => {
  const { http } = subscribed('secret');
  await http.get('/dapr/subscribe').expect(403);
  await http.get('/dapr/subscribe').set('dapr-api-token', 'wrong').expect(403);
  await http.get('/dapr/subscribe').set('dapr-api-token', 'secret').expect(200);
  await http.get('/healthz').expect(200);
});
