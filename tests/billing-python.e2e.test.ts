import { resolve } from 'node:path';
import { Kafka, type Message, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { createSeededRandom } from '../packages/projections/faults.ts';
import { eventually } from './eventually.ts';
import { getJson, patchJson } from './http.ts';
import {
  dataFolder,
  type RunningProcess,
  root,
  startProcess,
  startProgram,
  waitForOutput,
} from './platform-process.ts';
import { sendRaw } from './raw-http.ts';
import {
  appToken,
  createComponentsFolder,
  type Member,
  startIotMember,
  startSidecar,
  waitUntilHealthy,
} from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const folder = resolve(root, 'examples/billing-python');
const { rest: port, app: _, ...sidecarPorts } = ports.customerViews[3];
const url = `http://127.0.0.1:${port}`;
const topic = topics.connectionMandates.name;
const connections = Array.from({ length: 40 }, (_, n) => `B-${n}`);

const startBilling = async () => {
  const app = startProgram(resolve(folder, 'start.sh'), [], {
    APP_PORT: String(port),
    DAPR_HTTP_PORT: String(sidecarPorts.dapr),
    DAPR_GRPC_PORT: String(sidecarPorts.grpc),
    APP_API_TOKEN: appToken,
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
  });
  await waitUntilHealthy(`${url}/healthz`, app);
  return app;
};

const createEvent = (connectionId: string, revision: number, level: string) => ({
  specversion: '1.0',
  id: `${connectionId}-${revision}`,
  source: '/crm',
  type: 'utility.crm.connection-mandate-changed.v1',
  subject: connectionId,
  time: '2026-11-27T12:00:00Z',
  sequence: String(revision),
  data: { connectionId, connectionMandate: level },
});

/** Events in random order with repetitions, payloads without a revision, unreadable records and tombstones. */
const createMessages = (count: number, random: () => number): Message[] => {
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  const sent: Message[] = [];
  for (let n = 0; n < count; n++) {
    const connectionId = pick(connections);
    const kind = random();
    const level = pick(['0', '1', '2']);
    const toMessage = (value: unknown): Message => ({ key: connectionId, value: JSON.stringify(value) });
    if (kind < 0.15 && sent.length > 0) sent.push(pick(sent));
    else if (kind < 0.3) sent.push(toMessage({ connectionId, connectionMandate: level }));
    else if (kind < 0.33) sent.push(toMessage({ connectionId, connectionMandate: '7' }));
    else if (kind < 0.34) sent.push({ key: connectionId, value: null });
    else if (kind < 0.35) sent.push({ key: 'a + b/é', value: Buffer.from([0xff, 0x00]) });
    else sent.push(toMessage(createEvent(connectionId, 1 + Math.floor(random() * 1_000), level)));
  }
  return sent;
};

describe.runIf(await isStackReady())('the billing example in Python', () => {
  let iot: Member;
  let sidecar: RunningProcess;
  let billing: RunningProcess;
  const kafka = new Kafka({ brokers: [`127.0.0.1:${ports.kafka}`], logLevel: 0 });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });

  const askIot = async (connectionId: string) => {
    const { status, body } = await getJson(`${iot.url}/mandates/${connectionId}`);
    return status === 200 ? { status, billable: body.connectionMandate !== '0' } : { status };
  };
  const askBilling = async (connectionId: string) => {
    const { status, body } = await getJson(`${url}/billable/${connectionId}`);
    return status === 200 ? { status, billable: body.billable } : { status };
  };

  beforeAll(async () => {
    await resetStack();
    const resources = createComponentsFolder();
    await producer.connect();
    [iot, sidecar] = await Promise.all([
      startIotMember(resources),
      startSidecar('billing', port, sidecarPorts, resources, 'http'),
    ]);
    billing = await startBilling();
  });
  afterAll(async () => {
    await Promise.all([producer.disconnect(), iot?.end('SIGKILL'), sidecar?.end('SIGKILL'), billing?.end('SIGKILL')]);
  });

  it('answers as the IoT platform for every connection after kill -9, poison, duplicates and reordering', async () => {
    const random = createSeededRandom(19);
    for (let round = 0; round < 4; round++) {
      for (let n = 0; n < 5; n++) await producer.send({ topic, messages: createMessages(40, random) });
      await billing.end('SIGKILL');
      await producer.send({ topic, messages: createMessages(40, random) });
      billing = await startBilling();
    }
    const last = connections
      .slice(0, 10)
      .map((id) => ({ key: id, value: JSON.stringify(createEvent(id, 2_000, '1')) }));
    await producer.send({ topic, messages: last });
    await eventually(async () => {
      for (const { key } of last) expect(await askBilling(key)).toEqual({ status: 200, billable: true });
      for (const id of connections) expect([id, await askBilling(id)]).toEqual([id, await askIot(id)]);
    });
    expect(await askBilling('B-UNKNOWN')).toEqual({ status: 404 });
    expect(await askBilling('lower')).toEqual({ status: 400 });
    const statuses = new Set(await Promise.all(connections.map(async (id) => (await askBilling(id)).status)));
    expect(statuses).toContain(503);
  });
});

describe.runIf(await isStackReady())('npm run lab -- --with billing', () => {
  const kafka = new Kafka({ brokers: [`127.0.0.1:${ports.kafka}`], logLevel: 0 });
  const labPort = ports.lab + 12;
  let lab: RunningProcess;
  const ask = () => getJson(`http://localhost:${labPort}/billable/7733`);
  const expectBillable = (billable: boolean) =>
    eventually(async () => expect(await ask()).toEqual({ status: 200, body: { connectionId: '7733', billable } }));
  const changeMandate = async (connectionMandate: string) =>
    expect((await patchJson(`http://localhost:${ports.crm.rest}/customers/7`, { connectionMandate })).status).toBe(200);
  /** @returns where the record is: topic, partition and offset */
  const publishUnreadable = async () => {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const [record] = await producer.send({ topic, messages: [{ key: '7733', value: 'not JSON' }] });
    await producer.disconnect();
    return `${topic}/${record?.partition}/${record?.baseOffset}`;
  };
  const call = (method: string, path: string, host: string) =>
    sendRaw(labPort, `${method} /billable/7733${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  beforeAll(async () => {
    await resetStack();
    lab = startProcess(
      'scripts/lab.ts',
      {
        ...stackEnvironment,
        LAB_PORTS: String(ports.lab),
        RESOURCES_PATH: createComponentsFolder(),
        CRM_DATABASE_URL: `sqlite:${dataFolder()}/crm.sqlite`,
        HOSTS: 'localhost,127.0.0.1,billing.example',
      },
      ['--with', 'billing'],
    );
    await waitForOutput(lab, /Ctrl-C stops/);
  });
  afterAll(async () => void (await lab?.end('SIGTERM')));

  it('says whether a connection may be billed, at the printed address', async () => {
    expect(lab.output()).toContain(`curl http://localhost:${labPort}/billable/7733`);
    await expectBillable(true);
    await changeMandate('0');
    await expectBillable(false);
    await changeMandate('1');
    await expectBillable(true);
  });

  it('discards a dead letter at a request to one of its HOSTS, and at no other', async () => {
    const place = await publishUnreadable();
    const refusal = { type: 'urn:problem:record-dead-lettered', deadLetters: [place] };
    await eventually(async () => expect(await ask()).toMatchObject({ status: 503, body: refusal }));
    const path = `/dead-letters/${place}`;
    for (const host of ['attacker.example', `attacker.example:${labPort}`, 'sub.billing.example'])
      expect([host, await call('DELETE', path, host)]).toMatchObject([
        host,
        { status: 421, body: expect.stringContaining('"type":"urn:problem:host-not-allowed"') },
      ]);
    expect((await call('GET', '', 'attacker.example')).body).not.toContain('7733');
    expect(await ask()).toMatchObject({ status: 503, body: refusal });

    expect((await call('DELETE', `/dead-letters/${topic}/0/x`, `localhost:${labPort}`)).body).toContain(
      'partition, offset: whole numbers',
    );
    expect((await call('DELETE', path, `billing.example:${labPort}`)).status).toBe(204);
    await expectBillable(true);
    expect((await call('DELETE', path, `localhost:${labPort}`)).status).toBe(404);
  });
});
