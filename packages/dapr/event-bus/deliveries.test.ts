import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { deliveriesContract, now, openDeliveries } from './deliveries.contract.ts';
import { createDeliveries } from './deliveries.ts';

const entry = (entryId: string, text: string | undefined, metadata?: Record<string, string>) => ({
  entryId,
  event: text === undefined ? null : Buffer.from(text).toString('base64'),
  contentType: 'application/octet-stream',
  ...(metadata && { metadata }),
});

describe('a delivery over HTTP', () => {
  deliveriesContract({
    send: async (url, topic, entries, headers = {}) => {
      const body = {
        entries: entries.map(({ event, ...rest }) => ({
          ...rest,
          event: event === undefined ? null : event.toString('base64'),
        })),
        topic,
      };
      const answer = await request(url).post(`/deliveries/${topic}`).set(headers).send(body);
      return answer.status === 200 ? answer.body : { refused: answer.status };
    },
    refusals: { unknownTopic: 503, foreignCaller: 403, malformed: 400 },
    hostHeader: 'host',
  });
});

describe('the routes that the sidecar calls', () => {
  it('list the subscription as raw and in bulk', async () => {
    const { app } = await openDeliveries();
    const { body } = await request(app).get('/dapr/subscribe').expect(200);
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

  it('are for the sidecar only, except the health check', async () => {
    const http = request((await openDeliveries('secret')).app);
    await http.get('/dapr/subscribe').expect(403);
    await http.get('/dapr/subscribe').set('dapr-api-token', 'wrong').expect(403);
    await http.get('/dapr/subscribe').set('dapr-api-token', 'secret').expect(200);
    await http.get('/healthz').expect(200);
  });

  it('refuse without a token what a web page could have sent: a foreign Host, or no JSON', async () => {
    const { app, seen } = await openDeliveries();
    const http = request(app);
    const delivery = { entries: [entry('0', 'now')] };
    await http.post('/deliveries/things').set('Host', 'evil.example').send(delivery).expect(421);
    await http.post('/deliveries/things').type('text/plain').send(JSON.stringify(delivery)).expect(403);
    await http.get('/dapr/subscribe').set('Host', 'evil.example').expect(421);
    expect(seen).toEqual([]);
  });
});

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
    const { app, seen, lines } = await openDeliveries();
    await request(app)
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
    const { app, seen } = await openDeliveries();
    const bomb = gzipSync(`{"entries":[${one},${other}]}`);
    await request(app)
      .post('/deliveries/things')
      .type('application/json')
      .set('Content-Encoding', encoding)
      .serialize((bytes) => bytes)
      .send(bomb)
      .expect(415);
    expect(seen).toEqual([]);
  });
});

it('an entry may lack metadata and event, like a record without a value', async () => {
  const { app, seen } = await openDeliveries();
  const entries = [
    { entryId: '0', event: null, metadata: null },
    { entryId: '1' },
    { entryId: '2', event: '', metadata: {} },
  ];
  await request(app).post('/deliveries/things').send({ entries, topic: 'things' }).expect(200);
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
    const { url } = await openDeliveries('secret');
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = [
      'POST /deliveries/things HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      'Content-Length: 99',
    ];
    socket.write([...head, ...(token === undefined ? [] : [`dapr-api-token: ${token}`]), '', ''].join('\r\n'));
    let response = '';
    for await (const chunk of socket) response += chunk;
    return response;
  };

  it.each([undefined, 'wrong'])('is refused before its body is read, and the connection is closed: %s', async (token) =>
    expect(await sendHead(token)).toMatch(/^HTTP\/1.1 403 [\s\S]*Connection: close/i));
});
