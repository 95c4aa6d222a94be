import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { molly } from './lab-customers.ts';
import { dataFolder, programWords, root, startProgram } from './platform-process.ts';
import {
  appToken,
  createComponentsFolder,
  type Member,
  startCrmApp,
  startCrmMember,
  startIotApp,
  startIotMember,
  startSidecar,
} from './stack/dapr-lab.ts';
import {
  countRecords,
  createTestKafkaClient,
  readRecords,
  resetStack,
  type TopicRecord,
  withKafkaAdmin,
} from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady, startPart } from './stack/stack.ts';

const topic = topics.connectionMandates.name;
const example = JSON.parse(
  readFileSync(join(root, 'contracts/events/connection-mandate-changed/examples/v1.json'), 'utf8'),
);
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe.runIf(await isStackReady())('on Dapr and Kafka', () => {
  let resources: string;
  let crm: Member;
  let iotPlatform: Member;

  beforeAll(async () => {
    await resetStack();
    resources = createComponentsFolder();
    [crm, iotPlatform] = await Promise.all([startCrmMember(resources), startIotMember(resources)]);
  });
  afterAll(async () => {
    await Promise.all([crm, iotPlatform].map((member) => member?.end('SIGKILL')));
  });

  const waitForMandate = (connectionId: string, mandate: unknown) =>
    eventually(async () => expect(await fetchMandate(iotPlatform, connectionId)).toBe(mandate));

  describe('the records of the topic', () => {
    it('are CloudEvents with two data fields, keyed by connection, each key in one partition, with the caller’s trace', async () => {
      const headers = { 'content-type': 'application/json', traceparent };
      await fetch(`${crm.url}/customers`, { method: 'POST', headers, body: JSON.stringify(molly) });
      let records: TopicRecord[] = [];
      await eventually(async () => {
        records = await readRecords(topic);
        expect(records).toHaveLength(9);
      });
      const partitions = new Map<string, number>();
      for (const { key, value, partition, headers } of records) {
        expect(headers).toEqual({ partitionKey: key, rawPayload: 'true' });
        const event = JSON.parse(value);
        expect(event).toMatchObject({
          specversion: '1.0',
          type: 'utility.crm.connection-mandate-changed.v1',
          subject: key,
        });
        expect(Object.keys(event.data).sort()).toEqual(['connectionId', 'connectionMandate']);
        expect(event.data.connectionId).toBe(key);
        expect(event.sequence).toMatch(/^\d{13}$/);
        partitions.set(key, partition);
      }
      expect(new Set(partitions.values()).size).toBeGreaterThan(1);
      const event = records.find(({ key }) => key === '928')?.value ?? '{}';
      expect(JSON.parse(event).traceparent.slice(3, 35)).toBe(traceparent.slice(3, 35));
      expect(event).not.toMatch(/Molly|Peterson|Zeewolde/);
    });

    it('may be plain or doubly encoded payloads of other publishers, as in the Dapr lab, by Kafka and by Dapr', async () => {
      const plain = (connectionId: string) => JSON.stringify({ connectionId, connectionMandate: '1' });
      const producer = createTestKafkaClient().producer();
      await producer.connect();
      await producer.send({
        topic,
        messages: [{ key: 'a', value: plain('A1') }, { value: JSON.stringify(plain('A2')) }],
      });
      await producer.disconnect();
      const publish = `http://127.0.0.1:${ports.crm.dapr}/v1.0/publish/pubsub/${topic}`;
      await postJson(publish, { connectionId: 'A3', connectionMandate: '1' });
      await fetch(publish, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(plain('A4')),
      });
      for (const connectionId of ['A1', 'A2', 'A3', 'A4']) await waitForMandate(connectionId, '1');
    });

    const poison = {
      'not JSON': 'nonsense',
      'not a JSON object': '[1]',
      'connectionMandate: 0 (none)': '{"connectionId":"B","connectionMandate":"7"}',
      'connectionId: 1 to 64': JSON.stringify({ connectionId: '7'.repeat(300), connectionMandate: '1' }),
      'connectionMandate: 0 (none), 1': '{"connectionId":"B"}',
      'unknown event type': JSON.stringify({ ...example, type: 'utility.crm.connection-mandate-changed.v9' }),
      'sequence: ': JSON.stringify({ ...example, sequence: '-1' }),
    };

    it('are dead-lettered with the reason when they can never be applied, and later records are applied without delay', async () => {
      const producer = createTestKafkaClient().producer();
      await producer.connect();
      const bytes = Buffer.from([0xff, 0xfe]);
      const good = JSON.stringify({ connectionId: 'B1', connectionMandate: '2' });
      const values = [...Object.values(poison), bytes, good];
      await producer.send({ topic, messages: values.map((value) => ({ key: 'same', value })) });
      await producer.disconnect();
      await eventually(async () => expect(await fetchMandate(iotPlatform, 'B1')).toBe('2'), {
        // Without delay: a record that is not dead-lettered is delivered again and again.
        timeout: 20_000,
      });
      // The dead letters of a delivery are published after its mandates are written.
      await eventually(async () =>
        expect(await countRecords(topics.connectionMandatesDeadLetters.name)).toBe(values.length - 1),
      );
      const letters = (await readRecords(topics.connectionMandatesDeadLetters.name)).map(({ key, value }) => ({
        key,
        ...JSON.parse(value).data,
      }));
      const location = { key: 'same', topic, partition: expect.any(Number), offset: expect.any(Number) };
      expect(letters).toMatchObject([
        ...Object.entries(poison).map(([reason, value]) => ({
          ...location,
          reason: expect.stringContaining(reason),
          value,
        })),
        { ...location, reason: 'not JSON in UTF-8', valueBase64: '//4=' },
      ]);
    });
  });

  describe('npm run dead-letters', () => {
    const deadLetters = async (...args: string[]) => {
      const env = { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` };
      const command = startProgram(process.execPath, [...programWords('scripts/dead-letters.ts'), ...args], env);
      return { code: await command.ended, output: command.output() };
    };

    it('lists the dead letters with their reasons, and shows one', async () => {
      const { code, output } = await deadLetters('list');
      expect([code, output]).toEqual([0, expect.stringMatching(/^id +time +key +reason\n/)]);
      const [, id] = /^(connection-mandates-topic\S+) .*0 \(none\)/m.exec(output) ?? [];
      const shown = JSON.parse((await deadLetters('show', String(id))).output);
      expect(shown).toMatchObject([
        { id, data: { key: 'same', value: '{"connectionId":"B","connectionMandate":"7"}' } },
      ]);
      expect(await deadLetters('show', 'none')).toMatchObject({
        code: 1,
        output: expect.stringContaining('no dead letter none'),
      });
    });

    it('replays a dead letter that can be parsed by now, which does not replace a newer mandate', async () => {
      const letter = (id: string, connectionId: string, timestamp: number) => {
        const value = JSON.stringify({ connectionId, connectionMandate: '0' });
        const data = {
          reason: 'dead-lettered by an older version',
          topic,
          partition: 0,
          timestamp,
          key: connectionId,
          value,
        };
        return { key: connectionId, value: JSON.stringify({ id, time: new Date().toISOString(), data }) };
      };
      const producer = createTestKafkaClient().producer();
      await producer.connect();
      const messages = [letter('old', 'B1', Date.now() - 3_600_000), letter('lone', 'B2', Date.now() - 3_600_000)];
      await producer.send({ topic: topics.connectionMandatesDeadLetters.name, messages });
      await producer.disconnect();
      expect(await deadLetters('replay', 'old', 'lone')).toMatchObject({
        code: 0,
        output: expect.stringContaining('2 published'),
      });
      await waitForMandate('B2', '0');
      expect(await fetchMandate(iotPlatform, 'B1')).toBe('2');
    });

    it('dead-letters a replayed record again that still cannot be applied', async () => {
      const before = await countRecords(topics.connectionMandatesDeadLetters.name);
      expect(await deadLetters('replay', '--all')).toMatchObject({ code: 0 });
      await eventually(async () =>
        expect(await countRecords(topics.connectionMandatesDeadLetters.name)).toBe(before + 8),
      );
      expect(await fetchMandate(iotPlatform, 'B1')).toBe('2');
    });
  });

  it('a record of 1 MB is refused by the topic; without that limit it is dead-lettered, and later records are applied', async () => {
    const producer = createTestKafkaClient().producer();
    await producer.connect();
    const message = (value: string) => producer.send({ topic, messages: [{ key: 'large', value }] });
    const large = 'x'.repeat(1_000_000);
    await expect(message(large)).rejects.toThrow('larger than the max message size');
    const configEntries = [{ name: 'max.message.bytes', value: '2000000' }];
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await withKafkaAdmin((admin) => admin.alterConfigs({ validateOnly: false, resources }));
    const before = await countRecords(topics.connectionMandatesDeadLetters.name);
    // The broker applies the new configuration after the controller has answered.
    await eventually(() => message(large));
    await message(JSON.stringify({ connectionId: 'B3', connectionMandate: '1' }));
    await producer.disconnect();
    await waitForMandate('B3', '1');
    await eventually(async () =>
      expect(await countRecords(topics.connectionMandatesDeadLetters.name)).toBe(before + 1),
    );
    // Sets the declared configuration of the topic again.
    await startPart('kafka');
  });

  describe('a delivery route', () => {
    const deliver = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        const body = JSON.stringify({ entries: [] });
        const options = {
          host: '127.0.0.1',
          port: ports.iotPlatforms[0].app,
          path: `/deliveries/${topic}`,
          method: 'POST',
          headers,
        };
        request(options, (response) => resolve(response.resume().statusCode as number))
          .on('error', reject)
          .end(body);
      });
    const json = { 'content-type': 'application/json' };

    it('accepts deliveries only with the token', async () => {
      expect(await deliver({ ...json, 'dapr-api-token': appToken })).toBe(200);
      expect(await deliver(json)).toBe(403);
      expect(await deliver({ ...json, 'dapr-api-token': `${appToken}x` })).toBe(403);
    });

    it('is not served on the port for requests', async () => {
      expect((await postJson(`${iotPlatform.url}/deliveries/${topic}`, { entries: [] })).status).toBe(404);
      expect((await fetch(`${iotPlatform.url}/dapr/subscribe`)).status).toBe(404);
    });
  });

  it('a service invocation through a sidecar reaches the CRM, and one with a foreign Origin is refused', async () => {
    const invoke = (path: string, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${ports.crm.dapr}/v1.0/invoke/crm/method${path}`, init);
    const erase = (headers: Record<string, string>) =>
      invoke('/customers/7/erasure', { method: 'POST', headers, body: '{"customerId":"7"}' });
    expect((await erase({ 'content-type': 'application/json', origin: 'https://evil.example' })).status).toBe(403);
    expect((await erase({ 'content-type': 'application/json', origin: 'null' })).status).toBe(403);
    expect((await erase({ 'content-type': 'text/plain' })).status).toBe(415);
    expect((await invoke('/customers/7')).status).toBe(200);
  });

  it('a trace spans both services: Zipkin shows that crm calls iot-platform', async () => {
    await eventually(async () => {
      const links = await fetch(
        `http://127.0.0.1:${ports.zipkin}/api/v2/dependencies?endTs=${Date.now()}&lookback=3600000`,
      );
      expect(await links.json()).toContainEqual(expect.objectContaining({ parent: 'crm', child: 'iot-platform' }));
    });
  });

  it('publishes a backlog of 2,000 events without a refused batch', async () => {
    const file = join(dataFolder(), 'customers.csv');
    const rows = Array.from({ length: 2_000 }, (_, n) => `${n + 1},First,Last,Delft,${100_000 + n},1`);
    writeFileSync(file, ['customerId,firstName,lastName,city,connectionId,connectionMandate', ...rows].join('\n'));
    await crm.app.end('SIGTERM');
    crm = await startCrmApp(crm.sidecar, { CUSTOMERS_CSV: file });
    await waitForMandate('101999', '1');
    await eventually(async () =>
      expect((await getJson(`${crm.url}/status`)).body).toMatchObject({ outbox: { waiting: 0 } }),
    );
    expect(crm.app.output()).not.toContain('outbox not published');
  });

  describe('readiness', () => {
    const checks = async (member: { url: string }) =>
      (await getJson(`${member.url}/readyz`)).body.checks as Record<string, string>;

    it('warns once about a topic that accepts larger records than declared', async () => {
      const setMaxBytes = (bytes: number) =>
        withKafkaAdmin((admin) =>
          admin.alterConfigs({
            validateOnly: false,
            resources: [{ type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value: String(bytes) }] }],
          }),
        );
      const warnings = () =>
        iotPlatform.app.output().match(/allows records of 1048588 bytes, not 16384 as declared/g) ?? [];
      expect(warnings()).toEqual([]);
      await setMaxBytes(1_048_588);
      await eventually(async () => {
        expect((await checks(iotPlatform)).eventBus).toBe('ok');
        expect(warnings()).not.toEqual([]);
      });
      await checks(iotPlatform);
      expect(warnings()).toHaveLength(1);
      await setMaxBytes(topics.connectionMandates.maxMessageBytes);
    });

    it('names a missing topic, and a topic with a single partition', async () => {
      await withKafkaAdmin(async (admin) => {
        await admin.deleteTopics({ topics: [topics.connectionMandatesDeadLetters.name] });
        await eventually(async () =>
          expect((await checks(iotPlatform)).eventBus).toContain('connection-mandates-dead-letters does not exist'),
        );
        expect((await checks(crm)).eventBus).toBe('ok');
        await admin.deleteTopics({ topics: [topic] });
        await eventually(async () => expect(await admin.listTopics()).not.toContain(topic));
        await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 1 }] });
      });
      await eventually(async () => expect((await checks(crm)).eventBus).toContain('has 1 partition, not 4'));
    });

    it('names a missing state store', async () => {
      await iotPlatform.app.end('SIGTERM');
      iotPlatform = await startIotApp(iotPlatform.sidecar, { STATESTORE_NAME: 'no-such-store' });
      await eventually(async () =>
        expect((await checks(iotPlatform)).stateStore).toContain('no component no-such-store'),
      );
    });

    it('names a sidecar that does not answer', async () => {
      await crm.sidecar.end('SIGTERM');
      await eventually(async () =>
        expect((await checks(crm)).eventBus).toContain(`the sidecar on port ${ports.crm.dapr} does not answer`),
      );
    });
  });

  it('a service whose app-id has no pubsub component ends with an error that names both', async () => {
    await iotPlatform.end('SIGTERM');
    const { app, rest: _, ...sidecarPorts } = ports.iotPlatforms[0];
    const sidecar = await startSidecar('crm', app, sidecarPorts, resources);
    const message = await startIotApp(sidecar).then(
      async (member) => `The process ended with ${await member.app.ended}. Its output:\n${member.app.output()}`,
      (error: Error) => error.message,
    );
    expect(message).toContain('The process ended with 1');
    expect(message).toContain('app-id crm has no component iot-platform-pubsub; it has pubsub');
    await sidecar.end('SIGTERM');
  });
});
