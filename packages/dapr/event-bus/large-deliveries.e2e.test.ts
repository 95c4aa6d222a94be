import { randomUUID } from 'node:crypto';
import express from 'express';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { componentsFolder, startSidecar } from '../../../tests/stack/dapr-lab.ts';
import { createKafkaClient, withKafkaAdmin } from '../../../tests/stack/fresh.ts';
import { ports } from '../../../tests/stack/ports.ts';
import { isStackReady } from '../../../tests/stack/stack.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { deliveryApp } from '../../http/delivery-app.ts';
import { listen } from '../../http/listen.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries } from './deliveries.ts';

const maxMessageBytes = 16_384;
/** Kafka counts the frame of a record, its key and its headers. */
const largestValue = maxMessageBytes - 120;
const patience = { timeout: 60_000, interval: 100 };

type Message = { key?: string | Buffer; value: Buffer | null; headers?: Record<string, Buffer> };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

let lastPort = ports.free;
const nextPort = () => ++lastPort;

/** A topic with one partition that holds the messages. */
const topicWith = async (messages: readonly Message[], maxBytes = maxMessageBytes) => {
  const topic = `large-${randomUUID()}`;
  const configEntries = [{ name: 'max.message.bytes', value: String(maxBytes) }];
  await withKafkaAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] }));
  const producer = createKafkaClient().producer();
  await producer.connect();
  // One record a batch where records are large: the topic's limit is that of a batch.
  await Promise.all(messages.map((message) => producer.send({ topic, messages: [message] })));
  await producer.disconnect();
  return topic;
};

/** Follows the topic through a sidecar as a service does; `bodies` are the sizes of the deliveries in bytes. */
const follow = async (topic: string) => {
  const bodies: number[] = [];
  const batches: number[] = [];
  const offsets: number[] = [];
  const deliveries = createDeliveries(authenticateSidecar(undefined), { ...createTestRuntime(), now: Date.now });
  deliveries.add('iot-platform-pubsub', topic, async (batch) => {
    batches.push(batch.reduce((sum, { value }) => sum + value.length, 0));
    offsets.push(...batch.map(({ offset }) => Number(offset)));
    return batch.map(() => 'done');
  });
  const app = express().use((req, _res, next) => {
    if (req.method === 'POST') bodies.push(Number(req.get('content-length')));
    next();
  });
  app.use(deliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly }));
  const own = { dapr: nextPort(), grpc: nextPort(), internal: nextPort() };
  const server = await listen(app, { host: '127.0.0.1', port: nextPort(), variable: 'PORT' });
  closing.push(server.close);
  const folder = componentsFolder((_, yaml) => yaml.replaceAll('iot-platform-consumer', topic));
  const sidecar = await startSidecar('iot-platform', Number(new URL(server.url).port), own, folder);
  closing.push(() => sidecar.end('SIGTERM'));
  return { url: server.url, bodies, batches, offsets, sidecar };
};
const everyOffset = (many: number) => Array.from({ length: many }, (_, offset) => offset);

describe.runIf(await isStackReady())('deliveries of a real sidecar', () => {
  beforeAll(() => withKafkaAdmin((admin) => admin.listTopics()));

  it('full of the largest records, are handed on in batches, and the service answers meanwhile', async () => {
    const many = 12_000;
    const value = Buffer.alloc(largestValue, 'x');
    const topic = await topicWith(Array.from({ length: many }, () => ({ key: '7733', value })));
    const { url, bodies, batches, offsets, sidecar } = await follow(topic);
    let asked = 0;
    await vi.waitFor(async () => {
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      asked++;
      expect(offsets.length).toBeGreaterThanOrEqual(many);
    }, patience);
    expect(asked).toBeGreaterThan(3);
    expect([...new Set(offsets)]).toEqual(everyOffset(many));
    // Larger than what is handed on at once, and not limited by anything.
    expect(Math.max(...bodies)).toBeGreaterThan(64 * 1024 * 1024);
    expect(Math.max(...batches)).toBeLessThan(12 * 1024 * 1024);
    // The sidecar itself asks every second, and gives up after three answers that took longer than half a second.
    expect(sidecar.output()).not.toMatch(/unhealthy/i);
  });

  it('of records that are larger than declared, come through and stop nothing', async () => {
    const large = Array.from({ length: 150 }, (): Message => ({ value: Buffer.alloc(1_000_000, 'x') }));
    const topic = await topicWith([...large, { key: 'behind', value: Buffer.from('{}') }], 1_048_588);
    const { offsets, batches } = await follow(topic);
    await vi.waitFor(() => expect([...new Set(offsets)]).toEqual(everyOffset(151)), patience);
    expect(Math.max(...batches)).toBeLessThan(16 * 1024 * 1024);
  });

  it('of odd records, are never taken for malformed', async () => {
    const noText = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0xed, 0xa0, 0x80]);
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`h${n}`, Buffer.from('"\\\u2028<>&')]));
    const odd: Message[] = [
      { key: noText, value: noText },
      { value: null },
      { value: Buffer.alloc(0) },
      { key: '', value: Buffer.from('},{"entryId":"1"}') },
      { key: '},{"entryId":"1', value: Buffer.from('x'), headers: { '},{"entryId":': Buffer.from('},{"entryId":') } },
      { value: Buffer.from('x'), headers: { binary: noText, '': noText, [noText.toString('latin1')]: noText } },
      { value: Buffer.from('x'), headers: many },
      { key: 'last', value: Buffer.from('x') },
    ];
    const { offsets } = await follow(await topicWith(odd));
    await vi.waitFor(() => expect([...new Set(offsets)]).toEqual(everyOffset(odd.length)), patience);
  });
});
