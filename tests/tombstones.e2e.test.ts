import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { createDeliveries } from '../packages/dapr/event-bus/deliveries.ts';
import { createDaprEventBus } from '../packages/dapr/event-bus/event-bus.ts';
import { connectSidecar, type Sidecar } from '../packages/dapr/sidecar.ts';
import { authenticateSidecar } from '../packages/dapr/sidecar-authentication.ts';
import { createKafkaLogReader } from '../packages/kafka/log-reader.ts';
import { createTopicSettings, type TopicSettings } from '../packages/kafka/topic-configuration.ts';
import { eventually } from './eventually.ts';
import type { RunningProcess } from './platform-process.ts';
import { createComponentsFolder, startSidecar } from './stack/dapr-lab.ts';
import { createTestKafkaClient, createTopic } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady, stackFolder } from './stack/stack.ts';
import { createTestRuntime } from './test-runtime.ts';

const pubsub = 'iot-platform-pubsub';
const hourMs = 60 * 60 * 1000;
const log = createKafkaLogReader([`127.0.0.1:${ports.kafka}`], { newId: randomUUID });

/** Creates a topic of one partition with the settings of customers-topic. */
const createPeopleTopic = async (changes: TopicSettings = {}) => {
  const topic = { ...topics.customers, name: `people-${randomUUID()}`, partitions: 1 };
  const settings = { ...createTopicSettings(topic), ...changes };
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await createTopic({ topic: topic.name, numPartitions: 1, configEntries });
  return topic;
};

const produce = async (topic: string, ...messages: Message[]) => {
  const producer = createTestKafkaClient().producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
};

type Read = { key: string; value: string | null };

/** Reads the records as they are in Kafka, from the first to the last. */
const readKafka = async (topic: string): Promise<Read[]> => {
  const end = (await log.offsets(topic))[0]?.end ?? 0;
  const records: Read[] = [];
  const consumer = createTestKafkaClient().consumer({ groupId: randomUUID() });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({
      message: { key, value, offset },
    }: {
      message: { key: Buffer | null; value: Buffer | null; offset: string };
    }) => {
      records.push({ key: String(key), value: value && String(value) });
      if (Number(offset) === end - 1) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return records;
};

describe.runIf(await isStackReady())('a tombstone through Dapr', () => {
  const own = { dapr: ports.free + 1, grpc: ports.free + 2, internal: ports.free + 3 };
  const resources = createComponentsFolder();
  let sidecar: Sidecar;
  let process: RunningProcess;
  beforeAll(async () => {
    process = await startSidecar('iot-platform', 0, own, resources);
    sidecar = connectSidecar({ port: own.dapr });
    await sidecar.untilReady(AbortSignal.timeout(30_000));
  });
  afterAll(async () => {
    sidecar.close();
    await process.end('SIGTERM');
  });

  it('is a record without a value in Kafka, which an event with an empty value of another publisher is not', async () => {
    const topic = await createPeopleTopic();
    const deliveries = createDeliveries(authenticateSidecar(undefined), createTestRuntime());
    const bus = createDaprEventBus(sidecar, pubsub, { topics: [topic], deliveries });
    const value = Buffer.from('{"name":"Quirine"}');
    await bus.publish(topic.name, [
      { id: '1', key: '7', value },
      { id: '2', key: '7', value: Buffer.alloc(0) },
    ]);
    const empty = { entryId: '0', event: '', contentType: 'application/octet-stream', metadata: { partitionKey: '8' } };
    const path = `/publish/bulk/${pubsub}/${topic.name}?metadata.rawPayload=true`;
    expect(await sidecar.call('POST', path, [empty])).toMatchObject({ status: 204 });
    expect(await readKafka(topic.name)).toEqual([
      { key: '7', value: String(value) },
      { key: '7', value: null },
      { key: '8', value: '' },
    ]);
  });

  it('is delivered as the bytes `null`, and an empty value as an empty text', async () => {
    const topic = await createPeopleTopic();
    await produce(topic.name, { key: '1', value: null }, { key: '2', value: '' }, { key: '3', value: 'null' });
    const delivered: { event: unknown; key: unknown }[] = [];
    const subscription = {
      pubsubname: pubsub,
      topic: topic.name,
      routes: { default: '/deliveries' },
      metadata: { rawPayload: 'true' },
      bulkSubscribe: { enabled: true, maxMessagesCount: 10, maxAwaitDurationMs: 4 },
    };
    const respond = async (request: IncomingMessage): Promise<object> => {
      if (request.url === '/dapr/subscribe') return [subscription];
      if (request.url !== '/deliveries') return {};
      const body = JSON.parse(String(Buffer.concat(await request.toArray())));
      const entries = body.entries as { entryId: string; event: unknown; metadata: Record<string, string> }[];
      delivered.push(...entries.map(({ event, metadata }) => ({ event, key: metadata.__key })));
      return { statuses: entries.map(({ entryId }) => ({ entryId, status: 'SUCCESS' })) };
    };
    const app = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      void respond(request).then((body) => response.end(JSON.stringify(body)));
    }).listen(ports.free + 4, '127.0.0.1');
    await once(app, 'listening');
    const group = createComponentsFolder((_, yaml) => yaml.replaceAll('iot-platform-consumer', topic.name));
    const reader = { dapr: ports.free + 5, grpc: ports.free + 6, internal: ports.free + 7 };
    const subscriber = await startSidecar('iot-platform', ports.free + 4, reader, group, 'http');
    onTestFinished(async () => {
      await subscriber.end('SIGTERM');
      app.close();
    });
    await eventually(() => expect(delivered).toHaveLength(3));
    expect(delivered).toEqual([
      { key: '1', event: 'bnVsbA==' },
      { key: '2', event: '' },
      { key: '3', event: 'bnVsbA==' },
    ]);
    const values: string[] = [];
    await log.read(topic.name, await log.offsets(topic.name), async ({ records }) => {
      values.push(...records.map(({ value }) => String(value)));
    });
    // A rebuild reads what was delivered.
    expect(values).toEqual(['', '', '']);
  });
});

describe.runIf(await isStackReady())('compaction with the settings of customers-topic', () => {
  /** Whether the text is in a segment file of the topic on the disk of the broker. */
  const isOnDisk = (topic: string, text: string) => {
    const folder = join(stackFolder, 'kafka', 'data', `${topic}-0`);
    expect(existsSync(folder)).toBe(true);
    return readdirSync(folder)
      .filter((name) => /\.log(\.|$)/.test(name))
      .some((name) => readFileSync(join(folder, name)).includes(text));
  };
  const now = Date.now();
  const hoursAgo = (hours: number) => String(now - hours * hourMs);

  it('removes a name once its tombstone is repeated after segment.ms, and never the tombstone', async () => {
    // Records of the past stand for the hours that pass. By default Kafka deletes a replaced segment file a minute later.
    const soon = { 'file.delete.delay.ms': '100' };
    const [people, forgetful] = [
      await createPeopleTopic(soon),
      await createPeopleTopic({ ...soon, 'delete.retention.ms': '0' }),
    ];
    const all = [people.name, forgetful.name];
    const produceToAll = async (hours: number, ...records: [key: string, value: string | null][]) => {
      const messages = records.map(([key, value]) => ({ key, value, timestamp: hoursAgo(hours) }));
      for (const topic of all) await produce(topic, ...messages);
    };
    const areOnDisk = (text: string) => all.map((topic) => isOnDisk(topic, text));
    const leavesDisk = (text: string) => eventually(() => expect(areOnDisk(text)).toEqual([false, false]));

    await produceToAll(5, ['7', 'Quirine'], ['8', 'Bea'], ['7', null]);
    expect(areOnDisk('Quirine')).toEqual([true, true]);
    // The repetition closes the segment of the name.
    await produceToAll(3.5, ['7', null], ['8', 'Yara']);
    await leavesDisk('Quirine');
    expect(await readKafka(people.name)).toEqual([
      { key: '8', value: 'Bea' },
      { key: '7', value: null },
      { key: '7', value: null },
      { key: '8', value: 'Yara' },
    ]);

    // Two more compactions: Kafka removes a tombstone that is not kept when it compacts its segment for the second time.
    await produceToAll(2, ['8', 'Zoe']);
    await leavesDisk('Bea');
    await produceToAll(0.5, ['9', 'Cleo']);
    await leavesDisk('Yara');
    const kept = [
      { key: '8', value: 'Zoe' },
      { key: '9', value: 'Cleo' },
    ];
    expect(await readKafka(forgetful.name)).toEqual(kept);
    expect(await readKafka(people.name)).toEqual([{ key: '7', value: null }, ...kept]);

    const ranges = await log.offsets(people.name);
    const records: string[] = [];
    await log.read(people.name, ranges, async (batch) => {
      records.push(...batch.records.map(({ key, value }) => `${key} ${value}`.trim()));
    });
    expect([ranges, records]).toEqual([[{ partition: 0, begin: 0, end: 7 }], ['7', '8 Zoe', '9 Cleo']]);
  });
});
