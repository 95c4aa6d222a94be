import { randomUUID } from 'node:crypto';
import express from 'express';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppProtocol } from '../../../scripts/sidecar-arguments.ts';
import { eventually } from '../../../tests/eventually.ts';
import { createComponentsFolder, startSidecar } from '../../../tests/stack/dapr-lab.ts';
import { createTestKafkaClient, createTopic, withKafkaAdmin } from '../../../tests/stack/fresh.ts';
import { ports } from '../../../tests/stack/ports.ts';
import { isStackReady } from '../../../tests/stack/stack.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import { listen } from '../../http/listen.ts';
import type { DeliveredRecord } from '../../projections/event-bus.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries } from './deliveries.ts';

const maxMessageBytes = 16_384;
/** Kafka counts record framing, key and headers as well. */
const largestValue = maxMessageBytes - 120;

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
  await createTopic({ topic, numPartitions: 1, configEntries });
  const producer = createTestKafkaClient().producer();
  await producer.connect();
  // One record per batch, because max.message.bytes of a topic limits a batch. Few at once, because the producer repeats requests that wait long.
  for (let n = 0; n < messages.length; n += 20)
    await Promise.all(messages.slice(n, n + 20).map((message) => producer.send({ topic, messages: [message] })));
  await producer.disconnect();
  return topic;
};

/** Follows the topic through a sidecar as a service does; `bodies` are the sizes of the deliveries over HTTP in bytes. */
const follow = async (topic: string, appProtocol: AppProtocol) => {
  const bodies: number[] = [];
  const batches: number[] = [];
  const offsets: number[] = [];
  const records: DeliveredRecord[] = [];
  const deliveries = createDeliveries(authenticateSidecar(undefined), { ...createTestRuntime(), now: Date.now });
  deliveries.add('iot-platform-pubsub', topic, async (batch) => {
    batches.push(batch.reduce((sum, { value }) => sum + value.length, 0));
    offsets.push(...batch.map(({ offset }) => Number(offset)));
    if (batch.length < 100) records.push(...batch);
    return batch.map(() => 'done');
  });
  const app = express().use((req, _res, next) => {
    if (req.method === 'POST') bodies.push(Number(req.get('content-length')));
    next();
  });
  app.use(createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly }));
  const own = { dapr: nextPort(), grpc: nextPort(), internal: nextPort() };
  const server = await listen(app, { host: '127.0.0.1', port: nextPort(), variable: 'PORT' }, deliveries.callbacks);
  closing.push(server.close);
  const folder = createComponentsFolder((_, yaml) => yaml.replaceAll('iot-platform-consumer', topic));
  const sidecar = await startSidecar('iot-platform', Number(new URL(server.url).port), own, folder, appProtocol);
  closing.push(() => sidecar.end('SIGTERM'));
  return { url: server.url, bodies, batches, offsets, records, sidecar };
};
const everyOffset = (many: number) => Array.from({ length: many }, (_, offset) => offset);

describe.runIf(await isStackReady()).each(['http', 'grpc'] as const)(
  'deliveries of a real sidecar over %s',
  (appProtocol) => {
    beforeAll(() => withKafkaAdmin((admin) => admin.listTopics()));

    it('with the largest records reach the handler in batches, and the service stays responsive', async () => {
      const many = 12_000;
      const value = Buffer.alloc(largestValue, 'x');
      const topic = await topicWith(Array.from({ length: many }, () => ({ key: '7733', value })));
      const { url, bodies, batches, offsets, sidecar } = await follow(topic, appProtocol);
      let healthChecks = 0;
      await eventually(
        async () => {
          expect((await fetch(`${url}/healthz`)).status).toBe(200);
          healthChecks++;
          expect(offsets.length).toBeGreaterThanOrEqual(many);
        },
        { interval: 100 },
      );
      expect(healthChecks).toBeGreaterThan(3);
      expect([...new Set(offsets)]).toEqual(everyOffset(many));
      // A delivery has no size limit; a batch has.
      if (appProtocol === 'http') expect(Math.max(...bodies)).toBeGreaterThan(64 * 1024 * 1024);
      expect(Math.max(...batches)).toBeLessThan(12 * 1024 * 1024);
      // The sidecar checks the app every second, and marks it unhealthy after three responses slower than half a second.
      expect(sidecar.output()).not.toMatch(/unhealthy/i);
    });

    it('with records larger than declared arrive and do not block later records', async () => {
      const large = Array.from({ length: 150 }, (): Message => ({ value: Buffer.alloc(1_000_000, 'x') }));
      const topic = await topicWith([...large, { key: 'behind', value: Buffer.from('{}') }], 1_048_588);
      const { offsets, batches } = await follow(topic, appProtocol);
      await eventually(() => expect([...new Set(offsets)]).toEqual(everyOffset(151)));
      expect(Math.max(...batches)).toBeLessThan(16 * 1024 * 1024);
    });

    it('with binary keys, values and headers are never malformed', async () => {
      const noText = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0xed, 0xa0, 0x80]);
      const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`h${n}`, Buffer.from('"\\\u2028<>&')]));
      const odd: Message[] = [
        { key: noText, value: noText },
        { value: null },
        { value: Buffer.alloc(0) },
        { key: '', value: Buffer.from('},{"entryId":"1"}') },
        { key: '},{"entryId":"1', value: Buffer.from('x'), headers: { '},{"entryId":': Buffer.from('},{"entryId":') } },
        { value: Buffer.from('x'), headers: { binary: noText, '': noText, [noText.toString('latin1')]: noText } },
        { key: '100% + ä%41', value: Buffer.from('x'), headers: { __topic: noText, 'replay-of': noText } },
        { value: Buffer.from('x'), headers: many },
        { key: 'last', value: Buffer.from('x') },
      ];
      const { offsets } = await follow(await topicWith(odd), appProtocol);
      await eventually(() => expect([...new Set(offsets)]).toEqual(everyOffset(odd.length)));
    });
  },
);
