import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRegistry } from '../contracts/schema-registry.ts';
import { mandatesTopicNames } from '../contracts/topics.ts';
import { fetchMandate, getJson } from './http.ts';
import { root } from './platform-process.ts';
import { createComponentsFolder, type Member, startCrmMember, startIotMember } from './stack/dapr-lab.ts';
import { createTestKafkaClient, createTopic, readRecords, resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady, startPart, stopPart } from './stack/stack.ts';

const topic = mandatesTopicNames.avro;
const registryUrl = `http://127.0.0.1:${ports.schemaRegistry}/apis/ccompat/v7`;
const schemaFile = join(root, 'contracts/events/connection-mandate-changed/schema.v1.avsc');
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
const env = { MANDATES_ENCODING: 'avro', SCHEMA_REGISTRY_URL: registryUrl };
const waitOptions = { timeout: 30_000, interval: 100 };

const change = async (crm: Member, customerId: number, connectionMandate: string): Promise<void> => {
  const response = await fetch(`${crm.url}/customers/${customerId}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ connectionMandate }),
  });
  expect(response.status).toBe(200);
};
const readiness = async ({ url }: Member) => (await getJson(`${url}/readyz`)).body;

describe.runIf(await isStackReady())('the services on dapr-components/variants/avro', () => {
  const resources = createComponentsFolder(undefined, 'dapr-components/variants/avro');
  let crm: Member;
  let iotPlatform: Member;
  const expectMandate = (connectionId: string, level: string) =>
    vi.waitFor(async () => expect(await fetchMandate(iotPlatform, connectionId)).toBe(level), waitOptions);
  const publish = async (key: string, value: Buffer | string) => {
    // The CRM's sidecar chooses the partition by another hash than kafkajs.
    const partition = (await readRecords(topic)).find((record) => record.key === key)?.partition ?? 0;
    const producer = createTestKafkaClient().producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key, value, partition }] });
    await producer.disconnect();
  };

  beforeAll(async () => {
    await resetStack();
    await startPart('schema-registry');
    if ((await withKafkaAdmin((admin) => admin.listTopics())).includes(topic))
      await withKafkaAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    await vi.waitFor(
      async () => expect(await withKafkaAdmin((admin) => admin.listTopics())).not.toContain(topic),
      waitOptions,
    );
    await createTopic({ topic, numPartitions: 4 });
    crm = await startCrmMember(resources, env);
    iotPlatform = await startIotMember(resources, env);
  }, 300_000);
  afterAll(async () => {
    await Promise.all([crm?.end('SIGKILL'), iotPlatform?.end('SIGKILL')]);
    await stopPart('schema-registry');
  });

  it('carry every mandate in Avro, with the id of its schema', async () => {
    await expectMandate('7733', '1');
    await change(crm, 5, '2');
    await expectMandate('4512', '2');
    await vi.waitFor(async () => expect(await readiness(crm)).toMatchObject({ status: 'ready' }), waitOptions);
    await vi.waitFor(async () => expect(await readiness(iotPlatform)).toMatchObject({ status: 'ready' }), waitOptions);
    for (const { value } of await readRecords(topic)) expect(value.slice(0, 1)).toBe('\0');
    expect(await readRecords(mandatesTopicNames.json)).toEqual([]);
  }, 60_000);

  it('make a record that is not Avro a dead letter of its connection, which a later change resolves', async () => {
    await publish('7733', '{"connectionId":"7733","connectionMandate":"2"}');
    await vi.waitFor(async () => {
      const { status, body } = await getJson(`${iotPlatform.url}/mandates/7733`);
      expect([status, body.type]).toEqual([503, 'urn:problem:record-dead-lettered']);
    }, waitOptions);
    expect(await fetchMandate(iotPlatform, '4512')).toBe('2');
    await change(crm, 7, '2');
    await expectMandate('7733', '2');
  }, 60_000);

  it('read the records of a publisher with a newer schema', async () => {
    const { Type } = (await import('avsc')).default;
    const newer = { ...schema, fields: [...schema.fields, { name: 'region', type: 'string', default: '' }] };
    const id = await createRegistry(registryUrl).register(`${topic}-value`, 'AVRO', newer);
    const header = Buffer.alloc(5);
    header.writeUInt32BE(id, 1);
    const event = {
      ...JSON.parse(readFileSync(join(root, 'contracts/events/connection-mandate-changed/examples/v1.json'), 'utf8')),
      subject: '9999',
      data: { connectionId: '9999', connectionMandate: '1' },
      region: 'north',
    };
    await publish('9999', Buffer.concat([header, Type.forSchema(newer).toBuffer(event)]));
    await expectMandate('9999', '1');
  }, 60_000);

  it('publish without the registry once they know the id, and after a restart wait for it and say so', async () => {
    await stopPart('schema-registry');
    await change(crm, 5, '0');
    await expectMandate('4512', '0');
    await crm.end('SIGTERM');
    crm = await startCrmMember(resources, env);
    await change(crm, 5, '1');
    await vi.waitFor(
      async () =>
        expect((await readiness(crm)).checks).toMatchObject({
          schemaRegistry: expect.stringContaining(`The schema registry at ${registryUrl} does not answer`),
        }),
      waitOptions,
    );
    expect(await fetchMandate(iotPlatform, '4512')).toBe('0');
    await startPart('schema-registry');
    await expectMandate('4512', '1');
    await vi.waitFor(async () => expect(await readiness(crm)).toMatchObject({ status: 'ready' }), waitOptions);
  }, 120_000);
});
