import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import type { DeliveredRecord } from '../../projections/event-bus.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries } from './deliveries.ts';

const now = 1_000;
const entry = (entryId: string, text: string, metadata?: Record<string, string>) => ({
  entryId,
  event: Buffer.from(text).toString('base64'),
  contentType: 'application/octet-stream',
  ...(metadata && { metadata }),
});

const openDeliveries = (token?: string) => {
  const lines: unknown[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const deliveries = createDeliveries(authenticateSidecar(token), { log, now: () => now });
  const seen: DeliveredRecord[] = [];
  const subscription = deliveries.add('pubsub', 'things', async (batch) => {
    seen.push(...batch);
    if (batch.some(({ value }) => value.toString() === 'throw')) throw new Error('the handler fails');
    return batch.map(({ value }) => (value.toString() === 'later' ? 'retry' : 'done'));
  });
  const app = createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly });
  return { app, http: request(app), seen, subscription, lines };
};

describe('the routes that the sidecar calls', () => {
  it('list the subscription as raw and in bulk', async () => {
    const { body } = await openDeliveries().http.get('/dapr/subscribe').expect(200);
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

  it('pass records with partition and offset to the handler, and return one status per entry', async () => {
    const { http, seen } = openDeliveries();
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

  it('omit partition and offset when the metadata are invalid', async () => {
    const { http, seen } = openDeliveries();
    const metadata = { __partition: '-1', __offset: '7', __timestamp: 'soon' };
    await http
      .post('/deliveries/things')
      .send({ entries: [entry('0', 'now', metadata)] })
      .expect(200);
    expect(seen).toEqual([{ topic: 'things', value: Buffer.from('now'), timestamp: now }]);
  });

  it('ask for redelivery when the handler throws or the subscription is closed', async () => {
    const { http, subscription } = openDeliveries();
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

it('a delivery for an unknown topic is answered with 503, because the sidecar drops events on 404', () =>
  openDeliveries().http.post('/deliveries/others').send({ entries: [] }).expect(503));

describe('a malformed delivery', () => {
  const good = entry('0', 'now');
  const [one, other] = [JSON.stringify(good), JSON.stringify(entry('1', 'later'))];

  it.each([
    ['nothing', ''],
    ['invalid JSON', 'entries'],
    ['half of it', '{"entries":['],
    ['trailing text', `{"entries":[${one}]}}`],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '5'],
    ['a string', '"entries"'],
    ['no entries', '{}'],
    ['entries that are a number', '{"entries":5}'],
    ['entries that are an object', '{"entries":{}}'],
    ['entries that are null', '{"entries":null}'],
    ['an entry that is null', `{"entries":[${one},null]}`],
    ['an entry that is a list', `{"entries":[${one},[]]}`],
    ['an entry without entryId', `{"entries":[${one},{"event":"bm93"}]}`],
    ['an empty entryId', '{"entries":[{"entryId":"","event":"bm93"}]}'],
    ['an entryId that is a number', '{"entries":[{"entryId":1,"event":"bm93"}]}'],
    ['an event that is a number', `{"entries":[${one},{"entryId":"1","event":5}]}`],
    ['an event that is an object', '{"entries":[{"entryId":"1","event":{"a":[{},{"entryId":"2"}]}}]}'],
    ['an event that is not base64', '{"entries":[{"entryId":"1","event":"no base 64!"}]}'],
    ['an event that is cut off', '{"entries":[{"entryId":"1","event":"bm93b"}]}'],
    ['an event of padding', '{"entries":[{"entryId":"1","event":"===="}]}'],
    ['metadata that are a string', '{"entries":[{"entryId":"1","event":"bm93","metadata":"__key"}]}'],
    ['metadata that are a list', '{"entries":[{"entryId":"1","event":"bm93","metadata":["__key"]}]}'],
    ['metadata with a number', '{"entries":[{"entryId":"1","event":"bm93","metadata":{"__offset":7}}]}'],
    ['metadata with null', '{"entries":[{"entryId":"1","event":"bm93","metadata":{"__key":null}}]}'],
    ['another topic', `{"entries":[${one}],"topic":"others"}`],
    ['two topics', `{"topic":"things","entries":[${one}],"topic":"others"}`],
    ['a topic that is a list', `{"entries":[${one}],"topic":["things"]}`],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('{"entries":[{"entryId":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}]}')]),
    ],
    ['UTF-16', Buffer.from(`{"entries":[${one}]}`, 'utf16le')],
  ])('is refused with one log line and never reaches the handler: %s', async (_, body) => {
    const { http, seen, lines } = openDeliveries();
    await http
      .post('/deliveries/things')
      .type('application/json')
      .serialize((text) => text)
      .send(body)
      .expect(400)
      .expect('Content-Type', /text\/plain/);
    expect(seen).toEqual([]);
    expect(lines).toEqual([
      {
        level: 50,
        time: expect.any(Number),
        path: '/things',
        status: 400,
        reason: expect.any(String),
        msg: 'delivery cannot be read',
      },
    ]);
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'])('is not decompressed: %s', async (encoding) => {
    const { http, seen } = openDeliveries();
    const bomb = gzipSync(`{"entries":[${one},${other}]}`);
    await http
      .post('/deliveries/things')
      .type('application/json')
      .set('Content-Encoding', encoding)
      .serialize((bytes) => bytes)
      .send(bomb)
      .expect(415);
    expect(seen).toEqual([]);
  });

  it('is logged at most five times in a row', async () => {
    const { http, lines } = openDeliveries();
    for (let n = 0; n < 20; n++) await http.post('/deliveries/things').send({}).expect(400);
    expect(lines).toHaveLength(5);
  });
});

it('an entry may lack metadata and event, like a record without a value', async () => {
  const { http, seen } = openDeliveries();
  const entries = [
    { entryId: '0', event: null, metadata: null },
    { entryId: '1' },
    { entryId: '2', event: '', metadata: {} },
  ];
  await http.post('/deliveries/things').send({ entries, topic: 'things' }).expect(200);
  expect(seen).toEqual(entries.map(() => ({ topic: 'things', value: Buffer.from(''), timestamp: now })));
});

it('a second subscription to a topic is rejected, because it would take the deliveries of the first', () => {
  const deliveries = createDeliveries(authenticateSidecar(undefined), createTestRuntime());
  deliveries.add('pubsub', 'things', async () => []);
  expect(() => deliveries.add('pubsub', 'things', async () => [])).toThrow('things already has a subscription');
});

describe('a call without the right token', () => {
  /** Sends the head of a request whose body never arrives. */
  const sendHead = async (token: string | undefined) => {
    const { app } = openDeliveries('secret');
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const head = [
      'POST /deliveries/things HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      'Content-Length: 99',
    ];
    socket.write([...head, ...(token === undefined ? [] : [`dapr-api-token: ${token}`]), '', ''].join('\r\n'));
    let response = '';
    for await (const chunk of socket) response += chunk;
    server.close();
    return response;
  };

  it.each([undefined, 'wrong'])('is refused before its body is read, and the connection is closed: %s', async (token) =>
    expect(await sendHead(token)).toMatch(/^HTTP\/1.1 403 [\s\S]*Connection: close/i));
});

describe('deliveries without a token', () => {
  const delivery = { entries: [entry('0', 'now')] };

  it('are accepted from this machine', () =>
    openDeliveries().http.post('/deliveries/things').send(delivery).expect(200));

  it('are refused if a web page could have sent them: foreign Host, or not JSON', async () => {
    const { http, seen } = openDeliveries();
    await http.post('/deliveries/things').set('Host', 'evil.example').send(delivery).expect(421);
    await http.post('/deliveries/things').type('text/plain').send(JSON.stringify(delivery)).expect(403);
    await http.get('/dapr/subscribe').set('Host', 'evil.example').expect(421);
    expect(seen).toEqual([]);
  });
});

it('with a token configured, only callers that send it are accepted', async () => {
  const { http } = openDeliveries('secret');
  await http.get('/dapr/subscribe').expect(403);
  await http.get('/dapr/subscribe').set('dapr-api-token', 'wrong').expect(403);
  await http.get('/dapr/subscribe').set('dapr-api-token', 'secret').expect(200);
  await http.get('/healthz').expect(200);
});
