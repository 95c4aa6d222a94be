import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime, markusInRealTime, molly } from './lab-customers.ts';
import { programWords, startProgram } from './platform-process.ts';
import { createComponentsFolder, type Member, startCrmMember, startIotMember } from './stack/dapr-lab.ts';
import { clearRedis, countRecords, resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

let resources: string;
let crm: Member;
let iotPlatform: Member;

const eventsInTopic = () => countRecords('connection-mandates-topic');
const lag = async (groupId = 'iot-platform-consumer') => {
  const [committed] = await withKafkaAdmin((admin) =>
    admin.fetchOffsets({ groupId, topics: ['connection-mandates-topic'] }),
  );
  return (
    (await eventsInTopic()) -
    (committed?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
  );
};
const waitForMandate = (member: Member, connectionId: string, mandate: unknown) =>
  eventually(async () => expect(await fetchMandate(member, connectionId)).toBe(mandate));
const waitUntilReady = (member: Member) =>
  eventually(async () => expect((await getJson(`${member.url}/readyz`)).body).toMatchObject({ status: 'ready' }));

describe.runIf(await isStackReady())('the lab on Dapr, Kafka, Redis and MySQL', () => {
  beforeAll(async () => {
    await resetStack();
    resources = createComponentsFolder();
  });
  afterAll(async () => {
    await Promise.all([crm, iotPlatform].map((member) => member?.end('SIGKILL')));
  });

  it('2a. answers 404 for 7733 before any event, and that the view was never filled', async () => {
    iotPlatform = await startIotMember(resources);
    await waitUntilReady(iotPlatform);
    const { status, body } = await getJson(`${iotPlatform.url}/?connectionId=7733`);
    expect([status, body.detail]).toEqual([404, expect.stringContaining('never been filled')]);
    await iotPlatform.end('SIGTERM');
  });

  it('1. publishes eight events when the CRM starts, and a ninth for a new customer', async () => {
    crm = await startCrmMember(resources);
    await eventually(async () => expect(await eventsInTopic()).toBe(8));
    const created = await postJson(`${crm.url}/customers`, molly);
    expect([created.status, await created.json()]).toMatchObject([201, { customerId: '9', ...molly }]);
    await eventually(async () => expect(await eventsInTopic()).toBe(9));
    expect((await postJson(`${crm.url}/customers`, molly)).status).toBe(409);
    expect(await eventsInTopic()).toBe(9);
    await waitUntilReady(crm);
  });

  it('2b. shows mandate 1 of 7733 after the subscription', async () => {
    iotPlatform = await startIotMember(resources);
    await waitForMandate(iotPlatform, '7733', '1');
    await waitUntilReady(iotPlatform);
  });

  it('3. shows a change of the CRM shortly after', async () => {
    expect((await postJson(`${crm.url}/customers/7`, corinneInRealTime)).status).toBe(200);
    await waitForMandate(iotPlatform, '7733', '2');
  });

  it('4. keeps the view when the IoT platform is restarted', async () => {
    await eventually(async () => expect(await lag()).toBe(0));
    await iotPlatform.end('SIGTERM');
    iotPlatform = await startIotMember(resources);
    await waitForMandate(iotPlatform, '7733', '2');
    await waitUntilReady(iotPlatform);
    expect((await getJson(`${iotPlatform.url}/status`)).body.sinceStart).toMatchObject({ applied: 0 });
  });

  it('5. catches up on changes of the time when the IoT platform was down, while the CRM answers normally', async () => {
    await iotPlatform.end('SIGTERM');
    expect((await postJson(`${crm.url}/customers/5`, markusInRealTime)).status).toBe(200);
    expect((await getJson(`${crm.url}/?customerId=5`)).body).toMatchObject({ connectionMandate: '2' });
    iotPlatform = await startIotMember(resources);
    await waitForMandate(iotPlatform, '4512', '2');
  });

  it('6. shows the CSV again when the in-memory CRM restarts, and not when its database is durable', async () => {
    await crm.end('SIGTERM');
    crm = await startCrmMember(resources);
    await waitForMandate(iotPlatform, '7733', '1');

    const durable = { CRM_DATABASE_URL: `sqlite:${createComponentsFolder()}/crm.sqlite` };
    await crm.end('SIGTERM');
    crm = await startCrmMember(resources, durable);
    await eventually(async () =>
      expect((await getJson(`${crm.url}/status`)).body).toMatchObject({ outbox: { waiting: 0 } }),
    );
    await postJson(`${crm.url}/customers/7`, corinneInRealTime);
    await waitForMandate(iotPlatform, '7733', '2');
    const published = await eventsInTopic();
    await crm.end('SIGTERM');
    crm = await startCrmMember(resources, durable);
    await waitUntilReady(crm);
    expect(await eventsInTopic()).toBe(published);
    expect(await fetchMandate(iotPlatform, '7733')).toBe('2');
  });

  it('7. divides four partitions between two instances, and both answer every key', async () => {
    const second = await startIotMember(resources, {}, 1);
    const countAssignedPartitions = async () => {
      const { groups } = await withKafkaAdmin((admin) => admin.describeGroups(['iot-platform-consumer']));
      // An assignment has a version, the number of topics, and for each topic its name and the number of partitions.
      return groups[0]?.members
        .map(({ memberAssignment }) => memberAssignment.readInt32BE(6 + 2 + 'connection-mandates-topic'.length))
        .sort();
    };
    await eventually(async () => expect(await countAssignedPartitions()).toEqual([2, 2]));
    const customers = Object.values((await getJson(`${crm.url}/`)).body) as {
      connectionId: string;
      connectionMandate: string;
    }[];
    for (const { connectionId, connectionMandate } of customers)
      for (const member of [iotPlatform, second]) await waitForMandate(member, connectionId, connectionMandate);
    await second.end('SIGTERM');
  });

  it('8. is empty on another store, and is rebuilt from Kafka by a renamed consumer group', async () => {
    await iotPlatform.end('SIGTERM');
    iotPlatform = await startIotMember(resources, { STATESTORE_NAME: 'durable-statestore' });
    await waitForMandate(iotPlatform, '7733', 404);
    await eventually(async () =>
      expect((await getJson(`${iotPlatform.url}/readyz`)).body).toMatchObject({
        checks: { view: expect.stringContaining('never filled') },
      }),
    );
    await iotPlatform.end('SIGTERM');

    const renamed = createComponentsFolder((_, yaml) =>
      yaml.replaceAll('iot-platform-consumer', 'iot-platform-consumer-2'),
    );
    iotPlatform = await startIotMember(renamed, { STATESTORE_NAME: 'durable-statestore' });
    const customers = Object.values((await getJson(`${crm.url}/`)).body) as {
      connectionId: string;
      connectionMandate: string;
    }[];
    expect(customers.length).toBeGreaterThanOrEqual(8);
    for (const { connectionId, connectionMandate } of customers)
      await waitForMandate(iotPlatform, connectionId, connectionMandate);
    await eventually(async () =>
      expect((await getJson(`${iotPlatform.url}/status`)).body).toMatchObject({ view: { state: 'complete' } }),
    );
  });

  it('8b. is rebuilt by a reset of its consumer group, which is refused while a member is live and shown by --dry-run', async () => {
    const consumerGroup = async (...args: string[]) => {
      const env = { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` };
      const command = startProgram(process.execPath, [...programWords('scripts/consumer-group.ts'), ...args], env);
      return { code: await command.ended, output: command.output() };
    };
    await iotPlatform.end('SIGTERM');
    iotPlatform = await startIotMember(resources);
    await waitUntilReady(iotPlatform);
    await eventually(async () => expect(await lag()).toBe(0));
    const refused = await consumerGroup('reset', '--to', 'earliest');
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('has live members: iot-platform') });
    await iotPlatform.end('SIGTERM');

    const shown = await consumerGroup('reset', '--to', 'earliest', '--dry-run');
    expect(shown).toMatchObject({ code: 0, output: expect.stringContaining('Nothing was changed') });
    expect(await lag()).toBe(0);
    const reset = await consumerGroup('reset', '--to', 'earliest');
    expect(reset).toMatchObject({ code: 0, output: expect.stringMatching(/partition +from +to +end/) });
    const described = await consumerGroup('describe');
    expect(described.output).toMatch(/^partition +committed +end +lag\n0 +0 +(\d+) +\1\n/);
    expect(await lag()).toBe(await eventsInTopic());

    await clearRedis();
    iotPlatform = await startIotMember(resources);
    const customers = Object.values((await getJson(`${crm.url}/`)).body) as {
      connectionId: string;
      connectionMandate: string;
    }[];
    for (const { connectionId, connectionMandate } of customers)
      await waitForMandate(iotPlatform, connectionId, connectionMandate);
  });
});
