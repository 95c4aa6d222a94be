import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../contracts/schema-registry.ts';
import { mandatesTopicNames, topics } from '../contracts/topics.ts';
import { connectCrmDatabase } from '../crm/database/index.ts';
import { appendToOutbox } from '../crm/outbox/index.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, patchJson } from './http.ts';
import {
  dataFolder,
  type RunningProcess,
  root,
  startProcess,
  startProgram,
  waitForOutput,
} from './platform-process.ts';
import {
  createComponentsFolder,
  type Member,
  startCrmMember,
  startIotApp,
  startIotMember,
  startSidecar,
} from './stack/dapr-lab.ts';
import { countRecords, createTestKafkaClient, readRecords, resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { isStackReady, startPart, stopPart } from './stack/stack.ts';

const topic = mandatesTopicNames.avro;
const registryUrl = `http://127.0.0.1:${ports.schemaRegistry}/apis/ccompat/v7`;
const schemaFile = join(root, 'contracts/events/connection-mandate-changed/schema.v1.avsc');
const schema: { fields: { name: string }[] } = JSON.parse(readFileSync(schemaFile, 'utf8'));
const exampleFile = join(root, 'contracts/events/connection-mandate-changed/examples/v1.json');
const example = JSON.parse(readFileSync(exampleFile, 'utf8'));
const env = { MANDATES_ENCODING: 'avro', SCHEMA_REGISTRY_URL: registryUrl };

const change = async (crm: { url: string }, customerId: number, connectionMandate: string): Promise<void> =>
  expect((await patchJson(`${crm.url}/customers/${customerId}`, { connectionMandate })).status).toBe(200);
const readiness = async ({ url }: Member) => (await getJson(`${url}/readyz`)).body;

// The lab starts the registry, and the services of the second part use it.
afterAll(() => stopPart('schema-registry'));

describe.runIf(await isStackReady())('npm run lab on dapr-components/variants/avro', () => {
  const crm = { url: `http://127.0.0.1:${ports.crm.rest}` };
  const iotPlatform = { url: `http://127.0.0.1:${ports.iotPlatforms[0].rest}` };
  let lab: RunningProcess;
  const startLab = (own: Record<string, string> = {}) =>
    startProcess('scripts/lab.ts', {
      ...stackEnvironment,
      LAB_PORTS: String(ports.lab),
      RESOURCES_PATH: createComponentsFolder(undefined, 'dapr-components/variants/avro'),
      CRM_DATABASE_URL: `sqlite:${dataFolder()}/crm.sqlite`,
      ...own,
    });
  /** Runs a command as in a second terminal that has exported LAB_PORTS only. */
  const type = async (line: string) => {
    const command = startProgram('bash', ['-c', line], { LAB_PORTS: String(ports.lab), DATA_DIR: '' });
    return { code: await command.ended, output: command.output() };
  };
  const expectMandate = (level: string) =>
    eventually(async () => expect(await fetchMandate(iotPlatform, '7733')).toBe(level));

  beforeAll(async () => {
    await resetStack();
    await withKafkaAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    const topicNames = () => withKafkaAdmin((admin) => admin.listTopics());
    await eventually(async () => expect(await topicNames()).not.toContain(topic));
  });
  afterAll(async () => void (await lab?.end('SIGTERM')));

  it('ends with one sentence if the schema registry cannot be started', async () => {
    const file = join(dataFolder(), 'a file instead of a folder');
    writeFileSync(file, '');
    const failed = startLab({ STACK_DIR: file });
    expect(await failed.ended).toBe(1);
    expect(failed.output().trim().split('\n').at(-1)).toMatch(/^schema-registry: ENOTDIR: not a directory/);
  });

  it('creates the topic, starts the registry and then the services, and mandates reach the IoT platform', async () => {
    lab = startLab();
    await waitForOutput(lab, /Ctrl-C stops/);
    const [created, registered, started] = [
      `created the topic ${topic}`,
      'schema-registry has the schemas of',
      'Operator token',
    ].map((text) => lab.output().indexOf(text));
    expect(created).toBeGreaterThan(-1);
    expect(registered).toBeGreaterThan(-1);
    expect(started).toBeGreaterThan(Math.max(Number(created), Number(registered)));
    const { topics: found, resources } = await withKafkaAdmin(async (admin) => ({
      ...(await admin.fetchTopicMetadata({ topics: [topic] })),
      ...(await admin.describeConfigs({ resources: [{ type: 2, name: topic }], includeSynonyms: false })),
    }));
    const settings = resources[0]?.configEntries.map(({ configName, configValue }) => `${configName}=${configValue}`);
    expect(found[0]?.partitions).toHaveLength(4);
    expect(settings).toEqual(
      expect.arrayContaining(['cleanup.policy=delete', 'retention.ms=-1', 'retention.bytes=-1']),
    );
    await expectMandate('1');
    await change(crm, 7, '2');
    await expectMandate('2');
    expect(await countRecords(mandatesTopicNames.json)).toBe(0);
  });

  it('gives commands of a second terminal the encoding', async () => {
    const before = await countRecords(topic);
    const revision = async () => Number((await getJson(`${iotPlatform.url}/mandates/7733`)).body.revision);
    const shown = await revision();
    expect(await type('npm run -s republish -- --all-mandates')).toEqual({
      code: 0,
      output: '8 mandates are published.\n',
    });
    await eventually(async () => expect(await countRecords(topic)).toBe(before + 8));
    await eventually(async () => expect(await revision()).toBeGreaterThan(shown));
    const { output } = await type('npm run -s explain -- 7733');
    expect(output).toContain(topic);
    expect(output).toContain('Log, CRM and view agree.');
  });
});

describe.runIf(await isStackReady())('the services on dapr-components/variants/avro', () => {
  const resources = createComponentsFolder(undefined, 'dapr-components/variants/avro');
  const databaseUrl = `sqlite:${join(dataFolder(), 'crm.sqlite')}` as const;
  const crmEnv = { ...env, CRM_DATABASE_URL: databaseUrl };
  let crm: Member;
  let iotPlatform: Member;
  const expectMandate = (connectionId: string, level: string) =>
    eventually(async () => expect(await fetchMandate(iotPlatform, connectionId)).toBe(level));
  const publish = async (key: string, value: Buffer | string, partition = 0) => {
    const producer = createTestKafkaClient().producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key, value, partition }] });
    await producer.disconnect();
  };

  beforeAll(async () => {
    await resetStack();
    await startPart('schema-registry');
    crm = await startCrmMember(resources, crmEnv);
    iotPlatform = await startIotMember(resources, env);
  });
  afterAll(async () => {
    await Promise.all([crm?.end('SIGKILL'), iotPlatform?.end('SIGKILL')]);
  });

  it('carry every mandate in Avro, with the id of its schema', async () => {
    await expectMandate('7733', '1');
    await change(crm, 5, '2');
    await expectMandate('4512', '2');
    await eventually(async () => expect(await readiness(crm)).toMatchObject({ status: 'ready' }));
    await eventually(async () => expect(await readiness(iotPlatform)).toMatchObject({ status: 'ready' }));
    for (const { value } of await readRecords(topic)) expect(value.slice(0, 1)).toBe('\0');
    expect(await readRecords(mandatesTopicNames.json)).toEqual([]);
    const tail = await fetch(`${iotPlatform.url}/operations/events?key=4512&last=1&follow=false`);
    const [, records = '[]'] = /^data: (\[.*\])$/m.exec(await tail.text()) ?? [];
    expect(JSON.parse(records)).toMatchObject([
      { topic, revision: expect.any(Number), value: { data: { connectionId: '4512', connectionMandate: '2' } } },
    ]);
  });

  it('make a record that is not Avro a dead letter of its connection, which a later change resolves', async () => {
    // The CRM's sidecar chooses the partition by another hash than kafkajs.
    const partition = (await readRecords(topic)).find(({ key }) => key === '7733')?.partition;
    await publish('7733', '{"connectionId":"7733","connectionMandate":"2"}', partition);
    await eventually(async () => {
      const { status, body } = await getJson(`${iotPlatform.url}/mandates/7733`);
      expect([status, body.type]).toEqual([503, 'urn:problem:record-dead-lettered']);
    });
    expect(await fetchMandate(iotPlatform, '4512')).toBe('2');
    await change(crm, 7, '2');
    await expectMandate('7733', '2');
  });

  it('publish the others while an event that the schema does not allow waits, and name it', async () => {
    const id = randomUUID();
    const event = { ...example, id, subject: '1721', data: { connectionId: '1721', connectionMandate: 2 } };
    const invalid = { topic: { ...topics.connectionMandates, name: topic }, id, key: '1721', event };
    const db = connectCrmDatabase(databaseUrl);
    try {
      await db.transaction().execute((trx) => appendToOutbox(trx, [invalid], Date.now()));
      await change(crm, 5, '1');
      await expectMandate('4512', '1');
      const [line] = await waitForOutput(crm.app, /^.*outbox not published.*$/m);
      expect(line).toContain(`event ${id} of key 1721: data.connectionMandate: string expected`);
      await eventually(async () => {
        expect((await readiness(crm)).checks).toMatchObject({
          schemaRegistry: 'ok',
          outbox: expect.stringContaining(`event ${id} of ${topic} is the first`),
        });
      });
      expect((await getJson(`${crm.url}/status`)).body.outbox).toMatchObject({ waiting: 1 });
      await db.deleteFrom('outbox').where('id', '=', id).execute();
    } finally {
      await db.destroy();
    }
    await eventually(async () => expect(await readiness(crm)).toMatchObject({ status: 'ready' }));
  });

  it('read the same records over HTTP', async () => {
    await iotPlatform.end('SIGTERM');
    const { rest: _, app, ...sidecarPorts } = ports.iotPlatforms[0];
    const sidecar = await startSidecar('iot-platform', app, sidecarPorts, resources, 'http');
    iotPlatform = await startIotApp(sidecar, env);
    const metadata = await getJson(`http://127.0.0.1:${sidecarPorts.dapr}/v1.0/metadata`);
    expect(metadata.body.appConnectionProperties).toMatchObject({ protocol: 'http' });
    await change(crm, 5, '2');
    await expectMandate('4512', '2');
    await publish('8332', Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]));
    await eventually(async () => {
      const { status, body } = await getJson(`${iotPlatform.url}/mandates/8332`);
      expect([status, body.type]).toEqual([503, 'urn:problem:record-dead-lettered']);
    });
  });

  it.each([
    ['newer', '9991', { ...schema, fields: [...schema.fields, { name: 'region', type: 'string', default: '' }] }],
    ['older', '9992', { ...schema, fields: schema.fields.filter(({ name }) => name !== 'traceparent') }],
  ])('read the records of a publisher whose schema is %s', async (_, connectionId, writers) => {
    const { Type } = (await import('avsc')).default;
    const id = await createRegistry(registryUrl).register(`${topic}-value`, 'AVRO', writers);
    const header = Buffer.alloc(5);
    header.writeUInt32BE(id, 1);
    const data = { connectionId, connectionMandate: '1' };
    const event = { ...example, subject: connectionId, data, region: 'north' };
    await publish(connectionId, Buffer.concat([header, Type.forSchema(writers as never).toBuffer(event)]));
    await expectMandate(connectionId, '1');
  });

  it('publish without the registry once they know the id, and after a restart wait for it and say so', async () => {
    await stopPart('schema-registry');
    await change(crm, 5, '0');
    await expectMandate('4512', '0');
    await crm.end('SIGTERM');
    crm = await startCrmMember(resources, crmEnv);
    await change(crm, 5, '1');
    await eventually(async () =>
      expect((await readiness(crm)).checks).toMatchObject({
        schemaRegistry: expect.stringContaining(`The schema registry at ${registryUrl} does not answer`),
      }),
    );
    expect(await fetchMandate(iotPlatform, '4512')).toBe('0');
    await startPart('schema-registry');
    await expectMandate('4512', '1');
    await eventually(async () => expect(await readiness(crm)).toMatchObject({ status: 'ready' }));
  });
});
