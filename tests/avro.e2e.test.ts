import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAvroCodec } from '../contracts/avro-codec.ts';
import { parseConnectionMandate } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import { createRegistry } from '../contracts/schema-registry.ts';
import { withAdmin } from '../packages/kafka/client.ts';
import { createKafkaConsumerGroups } from '../packages/kafka/consumer-groups.ts';
import { findBlockedPartitions } from '../scripts/doctor/find-blocked-partitions.ts';
import { readSchema } from '../scripts/schemas/schema-files.ts';
import { eventually } from './eventually.ts';
import { type RunningProcess, root } from './platform-process.ts';
import { createComponentsFolder, startSidecar } from './stack/dapr-lab.ts';
import { ports } from './stack/ports.ts';
import { isStackReady, startPart, stopPart } from './stack/stack.ts';

const folder = join(root, 'contracts/events/connection-mandate-changed');
const example = JSON.parse(readFileSync(join(folder, 'examples/v1.json'), 'utf8'));
const avro = readSchema(join(folder, 'schema.v1.avsc')) as { fields: object[] };
const withField = { ...avro, fields: [...avro.fields, { name: 'region', type: 'string', default: '' }] };

const brokers = [`127.0.0.1:${ports.kafka}`];
const registryUrl = `http://127.0.0.1:${ports.schemaRegistry}/apis/ccompat/v7`;
const { rest: appPort, ...sidecarPorts } = ports.crm;

const component = (group: string) => `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: avro-pubsub
spec:
  type: pubsub.kafka
  version: v1
  metadata:
    - { name: brokers, value: "${brokers}" }
    - { name: authType, value: none }
    - { name: consumerGroup, value: "${group}" }
    - { name: initialOffset, value: oldest }
    - { name: schemaRegistryURL, value: "${registryUrl}" }
`;

describe.runIf(await isStackReady())('the Avro schema of the mandate, through a sidecar', () => {
  const topic = `avro-${randomUUID()}`;
  const resources = createComponentsFolder();
  const delivered: { sequence: string }[] = [];
  const registry = createRegistry(registryUrl);
  let app: Server;
  let sidecar: RunningProcess;

  const start = async () => {
    sidecar = await startSidecar('crm', appPort, sidecarPorts, resources);
    const health = () => fetch(`http://127.0.0.1:${sidecarPorts.dapr}/v1.0/healthz/outbound`);
    await eventually(async () => expect((await health()).ok).toBe(true));
  };
  const publish = async (event: object) => {
    const query = 'metadata.rawPayload=true&metadata.valueSchemaType=Avro';
    const url = `http://127.0.0.1:${sidecarPorts.dapr}/v1.0/publish/avro-pubsub/${topic}?${query}`;
    const headers = { 'content-type': 'application/json' };
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(event) })).status;
  };
  const expectDelivered = (sequence: string) =>
    eventually(() => expect(delivered.map((event) => event.sequence)).toContain(sequence));

  beforeAll(async () => {
    await startPart('schema-registry');
    const subscription = { pubsubname: 'avro-pubsub', topic, route: '/events', metadata: { valueSchemaType: 'Avro' } };
    app = createServer((request, response) => {
      const answer = request.url === '/dapr/subscribe' ? [subscription] : {};
      void readText(request).then((body) => {
        if (request.url === '/events') delivered.push(JSON.parse(body));
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      });
    }).listen(appPort, '127.0.0.1');
    await withAdmin(brokers, (admin) => admin.createTopics({ waitForLeaders: true, topics: [{ topic }] }));
    await registry.requireCompatibility(`${topic}-value`);
    await registry.register(`${topic}-value`, 'AVRO', avro);
    writeFileSync(join(resources, 'avro-pubsub.yaml'), component(topic));
    await start();
  });
  afterAll(async () => {
    await sidecar?.end('SIGTERM');
    app?.close();
    await stopPart('schema-registry');
  });

  it('gives subscribers the event as it was published, and defaults that our reader accepts', async () => {
    expect(await publish({ ...example, sequence: '1' })).toBe(204);
    const { traceparent: _, datacontenttype: __, ...short } = example;
    expect(await publish({ ...short, sequence: '2' })).toBe(204);
    await expectDelivered('2');
    expect(delivered[0]).toMatchObject({ ...example, sequence: '1' });
    for (const event of delivered)
      expect(parseConnectionMandate({ value: Buffer.from(JSON.stringify(event)), timestamp: 0 }).data).toEqual(
        example.data,
      );
  });

  it('refuses an event that the schema does not allow, before it is in the log', async () => {
    const { connectionMandate: _, ...data } = example.data;
    expect(await publish({ ...example, data })).toBe(500);
  });

  it('is read after a field was added, from old and new publishers', async () => {
    await registry.register(`${topic}-value`, 'AVRO', withField);
    await sidecar.end('SIGTERM');
    await start();
    expect(await publish({ ...example, sequence: '3', region: 'north' })).toBe(204);
    expect(await publish({ ...example, sequence: '4' })).toBe(204);
    await expectDelivered('4');
    expect(delivered.find(({ sequence }) => sequence === '3')).toMatchObject({
      ...example,
      sequence: '3',
      region: 'north',
    });
    expect(delivered.find(({ sequence }) => sequence === '4')).toMatchObject({ ...example, sequence: '4', region: '' });
  });

  it('cannot pass a record that is not Avro until the group is set behind it', async () => {
    const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer();
    await producer.connect();
    const [written] = await producer.send({ topic, messages: [{ value: JSON.stringify(example) }] });
    await producer.disconnect();
    const place = Number(written?.baseOffset);
    expect(await publish({ ...example, sequence: '5' })).toBe(204);
    const committed = () =>
      withAdmin(
        brokers,
        async (admin) => (await admin.fetchOffsets({ groupId: topic, topics: [topic] }))[0]?.partitions[0],
      );
    await eventually(async () => expect((await committed())?.offset).toBe(String(place)));
    await eventually(() => expect(sidecar.output()).toContain(`${topic}/0/${place}`));
    expect(delivered.map((event) => event.sequence)).not.toContain('5');
    const codec = createAvroCodec({ registry, subject: `${topic}-value`, schema: avro });
    const [blocked, ...others] = await findBlockedPartitions(brokers, { topic, codec, newId: randomUUID });
    expect([blocked, others]).toEqual([
      { group: topic, topic, partition: 0, offset: place, reason: expect.stringContaining('not Avro') },
      [],
    ]);
    await sidecar.end('SIGTERM');
    const groups = createKafkaConsumerGroups(brokers);
    await groups.reset(topic, topic, new Map([[0, place + 1]]), () => {});
    await start();
    await expectDelivered('5');
    expect(await findBlockedPartitions(brokers, { topic, codec, newId: randomUUID })).toEqual([]);
  });
});
