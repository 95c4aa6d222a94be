import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { checkTopics } from '../kafka/topics.ts';
import { NotDurable } from '../projections/event-bus.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { createDeliveries } from './event-bus/deliveries.ts';
import { createDaprEventBus } from './event-bus/event-bus.ts';
import { connectSidecar, createKafkaCheck, isKafka } from './sidecar.ts';
import { authenticateSidecar } from './sidecar-authentication.ts';
import { createDaprStateStore } from './state-store.ts';

const topic = { name: 'things', partitions: 4, maxMessageBytes: 16_384 };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type FakeResponse = { status: number; body?: unknown; headers?: Record<string, string> } | 'never';

/** A sidecar that gives the responses of a test, keyed by the end of the path. */
const fakeSidecar = async (
  answers: Record<string, FakeResponse>,
  options: { token?: string; timeoutMs?: number } = {},
) => {
  const requests: { url: string; headers: IncomingHttpHeaders; body: () => string }[] = [];
  const server: Server = createServer({ maxHeaderSize: 65_536 }, (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk) => chunks.push(chunk));
    requests.push({ url: String(req.url), headers: req.headers, body: () => Buffer.concat(chunks).toString() });
    const path = String(req.url).split('?')[0] ?? '';
    const answer = Object.entries(answers).find(([end]) => path.endsWith(end))?.[1] ?? { status: 404 };
    if (answer === 'never') return;
    res.writeHead(answer.status, answer.headers);
    res.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const sidecar = connectSidecar({ port: (server.address() as AddressInfo).port, ...options });
  closing.push(() => {
    sidecar.close();
    server.closeAllConnections();
    server.close();
  });
  const deliveries = createDeliveries(authenticateSidecar(undefined), createTestRuntime());
  return { sidecar, requests, deliveries, bus: createDaprEventBus(sidecar, 'pubsub', { topics: [topic], deliveries }) };
};

const metadataOf = (type: string) => ({
  status: 200,
  body: { components: [{ name: 'pubsub', type, version: 'v1' }] },
});
const events = ['a', 'b', 'c'].map((id) => ({ id, key: `key of ${id}`, value: Buffer.from('{}') }));
const publish = (answer: FakeResponse, options?: { timeoutMs: number }) =>
  fakeSidecar({ '/things': answer }, options).then(({ bus }) =>
    bus.publish('things', events).then(
      () => [],
      (error: unknown) => (error instanceof NotDurable ? [...error.ids] : error),
    ),
  );

describe('a bulk publish', () => {
  it('is durable when the sidecar confirms it', async () => expect(await publish({ status: 204 })).toEqual([]));

  it.each([
    [204, []],
    [413, ['0', '1', '2', '3', '4']],
  ])('is split into requests by size, each of which succeeds or fails: %s', async (status, lost) => {
    const { sidecar, deliveries, requests } = await fakeSidecar({ '/large': { status } });
    const topics = [{ name: 'large', partitions: 1, maxMessageBytes: 5 * 1024 * 1024 }];
    const bus = createDaprEventBus(sidecar, 'pubsub', { topics, deliveries });
    const value = Buffer.alloc(4 * 1024 * 1024, 'x');
    const publishing = bus.publish(
      'large',
      [...Array(5).keys()].map((n) => ({ id: String(n), key: 'k', value })),
    );
    expect(await publishing.catch(({ ids }: NotDurable) => [...ids])).toEqual(lost.length > 0 ? lost : undefined);
    expect(requests).toHaveLength(3);
  });

  it('reports exactly the entries that the sidecar reports', async () =>
    expect(await publish({ status: 500, body: { failedEntries: [{ entryId: '1', error: 'too large' }] } })).toEqual([
      'b',
    ]));

  it('reports all entries when the sidecar fails otherwise or hangs', async () => {
    expect(await publish({ status: 500, body: { errorCode: 'ERR' } })).toEqual(['a', 'b', 'c']);
    expect(await publish('never', { timeoutMs: 100 })).toEqual(['a', 'b', 'c']);
  });

  it('is parsed although a large header repeats its errors', async () => {
    const headers = { 'grpc-status-details': 'x'.repeat(100_000) };
    expect(await publish({ status: 500, headers, body: { failedEntries: [{ entryId: '0', error: 'e' }] } })).toEqual([
      'a',
    ]);
  });

  it('sends raw bytes with a key per entry, and the API token', async () => {
    const { bus, requests } = await fakeSidecar({ '/things': { status: 204 } }, { token: 'secret' });
    await bus.publish('things', events);
    expect(requests[0]?.url).toBe('/v1.0/publish/bulk/pubsub/things?metadata.rawPayload=true');
    expect(requests[0]?.headers['dapr-api-token']).toBe('secret');
    expect(JSON.parse(requests[0]?.body() ?? '')[1]).toEqual({
      entryId: '1',
      event: Buffer.from('{}').toString('base64'),
      contentType: 'application/octet-stream',
      metadata: { partitionKey: 'key of b' },
    });
  });
});

describe('a tombstone', () => {
  const tombstone = { id: 'd', key: 'key of d', value: Buffer.alloc(0) };

  it.each([
    ['pubsub.kafka', 'null'],
    ['pubsub.redis', ''],
  ])('is published through %s as the bytes "%s"', async (type, bytes) => {
    const answers = { '/things': { status: 204 }, '/metadata': metadataOf(type) };
    const { bus, requests } = await fakeSidecar(answers);
    await bus.publish('things', [...events, tombstone]);
    const published = JSON.parse(requests.at(-1)?.body() ?? '') as { event: string; metadata: object }[];
    expect(published.map(({ event }) => Buffer.from(event, 'base64').toString())).toEqual(['{}', '{}', '{}', bytes]);
    expect(published[3]?.metadata).toEqual({ partitionKey: 'key of d' });
  });

  it('is not durable, nor are the events published with it, while the sidecar does not say what its broker is', async () => {
    const { bus } = await fakeSidecar({ '/things': { status: 204 }, '/metadata': { status: 503 } });
    const failure = await bus.publish('things', [...events, tombstone]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'NotDurable', ids: new Set(['a', 'b', 'c', 'd']) });
    await expect(bus.canCompact?.()).rejects.toThrow('503');
  });
});

describe('readiness', () => {
  const components = [{ name: 'pubsub', type: 'pubsub.redis', version: 'v1' }];
  const health = { '/healthz/outbound': { status: 204 } };

  it('needs the component and every subscription', async () => {
    const subscriptions = [{ pubsubname: 'pubsub', topic: 'things' }];
    const { bus, deliveries } = await fakeSidecar({
      ...health,
      '/metadata': { status: 200, body: { components, subscriptions } },
    });
    deliveries.add('pubsub', 'things', async () => []);
    await expect(bus.check()).resolves.toBeUndefined();
  });

  it('names a missing subscription', async () => {
    const { bus, deliveries } = await fakeSidecar({ ...health, '/metadata': { status: 200, body: { components } } });
    await expect(bus.check()).resolves.toBeUndefined();
    deliveries.add('pubsub', 'things', async () => []);
    await expect(bus.check()).rejects.toThrow('not subscribed to things');
  });

  it('reports a sidecar that is not ready or requires a token', async () => {
    const unready = await fakeSidecar({ '/healthz/outbound': { status: 500 } });
    await expect(unready.bus.check()).rejects.toThrow('/healthz/outbound answers 500');
    const protectedSidecar = await fakeSidecar({ ...health, '/metadata': { status: 401 } });
    await expect(protectedSidecar.sidecar.metadata()).rejects.toThrow(ConfigError);
    const failing = await fakeSidecar({ ...health, '/metadata': { status: 503, body: { message: 'later' } } });
    await expect(failing.sidecar.metadata()).rejects.toThrow('503');
  });

  it('recognises a Kafka component by its type', async () => {
    const redis = await fakeSidecar({ '/metadata': metadataOf('pubsub.redis') });
    expect(await isKafka(redis.sidecar, 'pubsub')).toBe(false);
    const kafka = await fakeSidecar({ '/metadata': metadataOf('pubsub.kafka') });
    expect(await isKafka(kafka.sidecar, 'pubsub')).toBe(true);
    await expect(isKafka(kafka.sidecar, 'reloading')).rejects.toThrow('no component reloading at the moment');
    await expect(checkTopics(['127.0.0.1:1'], [topic])).rejects.toThrow('Kafka does not answer at 127.0.0.1:1');
  });
});

it('a stopped sidecar leaves the type of its component as it was, which is unknown before its first answer', async () => {
  const answers: Record<string, FakeResponse> = { '/metadata': metadataOf('pubsub.kafka') };
  const { sidecar } = await fakeSidecar(answers);
  const isKafkaNow = createKafkaCheck(sidecar);
  expect(await isKafkaNow('pubsub')).toBe(true);
  answers['/metadata'] = { status: 503 };
  expect(await isKafkaNow('pubsub')).toBe(true);
  await expect(createKafkaCheck(sidecar)('pubsub')).rejects.toThrow('503');
  answers['/metadata'] = metadataOf('pubsub.redis');
  expect(await isKafkaNow('pubsub')).toBe(false);
});

describe('an unusable sidecar', () => {
  it('is reported in one sentence, without a cause that would repeat it in the log', async () => {
    const error = await connectSidecar({ port: 1 })
      .call('GET', '/metadata')
      .catch((error: Error) => error);
    expect(error).toMatchObject({
      name: 'SidecarUnreachable',
      message: expect.stringMatching(/^the sidecar on port 1 does not answer: [^:]*ECONNREFUSED[^:]*:1$/),
    });
    expect(error).not.toHaveProperty('cause');
  });

  it('is reported with the variable to set when it refuses the token', async () => {
    const { sidecar } = await fakeSidecar({ '/bulk': { status: 401 } });
    await expect(createDaprStateStore(sidecar, 'store', () => 'id').getMany(['a'])).rejects.toThrow(
      'the sidecar refuses the API token: set DAPR_API_TOKEN to what it was started with',
    );
  });
});

describe('an unavailable state store', () => {
  it('does not look like a store without the key', async () => {
    const body = [{ key: 'a', error: 'connection refused' }];
    const { sidecar } = await fakeSidecar({ '/bulk': { status: 200, body } });
    await expect(createDaprStateStore(sidecar, 'store', () => 'id').getMany(['a'])).rejects.toThrow(
      'connection refused',
    );
  });

  it('is probed again after a failed probe', async () => {
    const { sidecar, requests } = await fakeSidecar({
      '/bulk': { status: 500 },
      '/transaction': { status: 500 },
    });
    const store = createDaprStateStore(sidecar, 'store', () => 'id');
    const write = () => store.transact([{ key: 'a', value: 1 }]).catch(() => undefined);
    await write();
    const once = requests.length;
    await write();
    expect(requests.length).toBe(2 * once);
  });
});
