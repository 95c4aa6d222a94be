import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { appToken, createComponentsFolder, startSidecar } from '../../../tests/stack/dapr-lab.ts';
import { createTestKafkaClient, createTopic } from '../../../tests/stack/fresh.ts';
import { ports } from '../../../tests/stack/ports.ts';
import { isStackReady } from '../../../tests/stack/stack.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import { listen } from '../../http/listen.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries } from './deliveries.ts';

const port = ports.free + 40;
const own = { dapr: ports.free + 41, grpc: ports.free + 42, internal: ports.free + 43 };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const topicWith = async (values: readonly string[]) => {
  const topic = `refused-${randomUUID()}`;
  await createTopic({ topic, numPartitions: 1 });
  const producer = createTestKafkaClient().producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });
  await producer.disconnect();
  return topic;
};

/** A service on the port that the sidecar calls. */
const startService = async (topic: string, token: string | undefined) => {
  const seen: string[] = [];
  const refused: string[] = [];
  const reasons: unknown[] = [];
  const authentication = authenticateSidecar(token, ({ method }) => refused.push(method));
  const log = pino({}, { write: (line) => void reasons.push(JSON.parse(line).reason) });
  const deliveries = createDeliveries(authentication, { log, now: Date.now });
  deliveries.add('iot-platform-pubsub', topic, async (batch) => {
    seen.push(...batch.map(({ value }) => String(value)));
    return batch.map(() => 'done');
  });
  const app = createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly });
  const server = await listen(app, { host: '127.0.0.1', port, variable: 'PORT' }, deliveries.callbacks);
  let isOpen = true;
  const close = async () => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  closing.push(close);
  return { seen, refused, reasons, close };
};
const startOwnSidecar = async (topic: string, subscription?: string) => {
  const folder = createComponentsFolder((_, yaml) => yaml.replaceAll('iot-platform-consumer', topic));
  if (subscription) writeFileSync(join(folder, 'subscription.yaml'), subscription);
  const sidecar = await startSidecar('iot-platform', port, own, folder, 'grpc');
  closing.push(() => sidecar.end('SIGTERM'));
  return sidecar;
};

describe.runIf(await isStackReady())('a delivery over gRPC that the service refuses is repeated, not dropped', () => {
  it('because the tokens differ, and is accepted from the next service with the right token', async () => {
    const topic = await topicWith(['a', 'b']);
    const wrong = await startService(topic, 'another token');
    await startOwnSidecar(topic);
    await eventually(() => expect(wrong.refused.length).toBeGreaterThan(2));
    expect(wrong.seen).toEqual([]);
    await wrong.close();
    const right = await startService(topic, appToken);
    await eventually(() => expect(new Set(right.seen)).toEqual(new Set(['a', 'b'])));
  });

  it('because it has no subscription to the topic, until a service with one is started', async () => {
    const topic = await topicWith(['a', 'b']);
    const others = await startService(await topicWith(['x']), appToken);
    await startOwnSidecar(
      topic,
      `apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: { name: declared }
spec:
  pubsubname: iot-platform-pubsub
  topic: ${topic}
  routes: { default: /deliveries/${topic} }
  metadata: { rawPayload: "true" }
  bulkSubscribe: { enabled: true, maxMessagesCount: 10, maxAwaitDurationMs: 4 }
scopes: [iot-platform]
`,
    );
    const reason = `there is no subscription to ${topic}`;
    await eventually(() => expect(others.reasons.filter((one) => one === reason).length).toBeGreaterThan(1));
    await others.close();
    const right = await startService(topic, appToken);
    await eventually(() => expect(new Set(right.seen)).toEqual(new Set(['a', 'b'])));
    expect(others.seen).not.toContain('a');
  });
});
