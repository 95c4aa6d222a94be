import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, patchJson } from './http.ts';
import { connectLabCrm, labMandates, parseLine, startLabIotPlatform } from './lab-services.ts';
import { type RunningProcess, root } from './platform-process.ts';
import { createComponentsFolder, type Member, startCrmMember, startIotMember, startSidecar } from './stack/dapr-lab.ts';
import { countRecords, createTestKafkaClient, readRecords, resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const topic = topics.connectionMandates.name;
const readExample = (name: string) =>
  readFileSync(join(root, 'contracts/events/connection-mandate-changed/examples', name), 'utf8');

const event = JSON.parse(readExample('v1.json'));

/** The record of a connection, as the lab's CRM publishes it through a sidecar. */
const labRecord = (mandate: object) =>
  JSON.stringify({ ...JSON.parse(readExample('lab-payload-in-dapr-envelope.json')), data: JSON.stringify(mandate) });

const produce = async (...messages: Message[]) => {
  const producer = createTestKafkaClient().producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
};

/** Components of an app with its own consumer group, and its own keys in the store of our IoT platform. */
const componentsOf = (appId: string) =>
  createComponentsFolder((_, yaml) =>
    yaml.replaceAll('iot-platform-consumer', appId).replace(/^ {2}- iot-platform$/m, `  - ${appId}`),
  );

describe.runIf(await isStackReady())('with the services of the lab', () => {
  const lab = connectLabCrm(ports.crm.dapr);
  let sidecarOfLabCrm: RunningProcess | undefined;
  let crm: Member | undefined;
  let iotPlatform: Member;
  const labIotPlatforms: Awaited<ReturnType<typeof startLabIotPlatform>>[] = [];

  /** Starts the lab's IoT platform, and waits until it has followed the topic to its end. */
  const startLabPlatform = async (n: number, parse: (data: string) => { connectionId: string }) => {
    const appId = `lab-iot-platform-${n}`;
    const appPort = ports.free + 10 + 4 * n;
    const sidecar = { dapr: appPort + 1, grpc: appPort + 2, internal: appPort + 3 };
    const started = await startLabIotPlatform({ appId, appPort, sidecar, resources: componentsOf(appId), parse });
    labIotPlatforms.push(started);
    const count = await countRecords(topic);
    await eventually(() => expect(started.received.length).toBeGreaterThanOrEqual(count));
    return started;
  };
  const waitForMandate = (connectionId: string, level: string) =>
    eventually(async () => expect(await fetchMandate(iotPlatform, connectionId)).toBe(level));
  /** Waits until our IoT platform has applied everything in a partition: it applies a partition in order. */
  const waitUntilApplied = async (partition: number) => {
    const connectionId = `MARK-${partition}-${Date.now()}`;
    await produce({ partition, key: connectionId, value: JSON.stringify({ connectionId, connectionMandate: '1' }) });
    await waitForMandate(connectionId, '1');
  };
  const waitUntilAllApplied = async () => {
    for (const partition of [0, 1, 2, 3]) await waitUntilApplied(partition);
  };

  beforeAll(async () => {
    await resetStack();
    const resources = createComponentsFolder();
    sidecarOfLabCrm = await startSidecar('crm', 0, ports.crm, resources);
    iotPlatform = await startIotMember(resources);
  });
  afterAll(async () => {
    await Promise.all(labIotPlatforms.map(({ end }) => end()));
    await sidecarOfLabCrm?.end('SIGKILL');
    await Promise.all([crm, iotPlatform].map((member) => member?.end('SIGKILL')));
  });

  describe('our IoT platform shows what the lab’s CRM publishes', () => {
    it('at its start, as text in the envelope of Dapr and without a key', async () => {
      expect(labMandates).toHaveLength(8);
      for (const mandate of labMandates) await lab.publish(mandate);
      for (const { connectionId, connectionMandate } of labMandates)
        await waitForMandate(connectionId, connectionMandate);
      const records = await readRecords(topic);
      expect(records.map(({ key }) => key)).toEqual(Array(8).fill(''));
      const sent = records.map(({ value }) => JSON.parse(value).data);
      expect(sent.sort()).toEqual(labMandates.map((mandate) => JSON.stringify(mandate)).sort());
    });

    it('after a change, and again after its restart, which publishes the CSV', async () => {
      await lab.publish({ connectionId: '7733', connectionMandate: '2' });
      await waitForMandate('7733', '2');
      for (const mandate of labMandates) await lab.publish(mandate);
      await waitForMandate('7733', '1');
    });

    it.each([
      ['numbers', { connectionId: 8801, connectionMandate: 2 }],
      ['a number and a text', { connectionId: '8802', connectionMandate: 2 }],
      [
        'further fields, in another order',
        { city: 'Delft', connectionMandate: '2', connectionId: '8803', source: { a: 1 } },
      ],
    ])('with %s', async (_, mandate) => {
      await lab.publish(mandate);
      await waitForMandate(String(mandate.connectionId), '2');
    });

    it('in several partitions: the later record time is shown, and of the same time the lower level', async () => {
      const now = Date.now();
      const record = (partition: number, level: string, timestamp: number) =>
        produce({
          partition,
          timestamp: String(timestamp),
          value: labRecord({ connectionId: '8810', connectionMandate: level }),
        });
      await record(0, '2', now);
      await waitForMandate('8810', '2');
      await record(1, '0', now);
      await waitForMandate('8810', '0');
      await record(2, '2', now);
      await record(3, '1', now - 1_000);
      await waitUntilAllApplied();
      expect(await fetchMandate(iotPlatform, '8810')).toBe('0');
    });

    it('and refuses to answer about a connection whose level does not exist', async () => {
      await lab.publish({ connectionId: '8801', connectionMandate: 3 });
      await eventually(async () => expect(await fetchMandate(iotPlatform, '8801')).toBe(503));
    });
  });

  describe('on one topic with our CRM', () => {
    /** The partition of our CRM's events about 7733. */
    let partitionOfEvents: number;

    beforeAll(async () => {
      await sidecarOfLabCrm?.end('SIGTERM');
      crm = await startCrmMember(createComponentsFolder());
      await waitForMandate('7733', '1');
      expect((await patchJson(`${crm.url}/customers/7`, { connectionMandate: '2' })).status).toBe(200);
      await waitForMandate('7733', '2');
      await waitUntilAllApplied();
      partitionOfEvents = (await readRecords(topic)).find(({ key }) => key === '7733')?.partition as number;
    });

    it('an event of our CRM is newer than a payload of the lab’s CRM in another partition', async () => {
      const partition = (partitionOfEvents + 1) % 4;
      await produce({ partition, value: labRecord({ connectionId: '7733', connectionMandate: '1' }) });
      await waitUntilApplied(partition);
      expect(await fetchMandate(iotPlatform, '7733')).toBe('2');
    });

    it('of both in one partition the later one is shown', async () => {
      const partition = partitionOfEvents;
      await produce({ partition, value: labRecord({ connectionId: '7733', connectionMandate: '0' }) });
      await waitForMandate('7733', '0');
      await patchJson(`${crm?.url}/customers/7`, { connectionMandate: '1' });
      await waitForMandate('7733', '1');
    });

    it('a restart of the lab’s CRM sets a mandate back only where its record is later in the partition of the event', async () => {
      await patchJson(`${crm?.url}/customers/7`, { connectionMandate: '2' });
      await waitForMandate('7733', '2');
      for (const mandate of labMandates) await lab.publish(mandate);
      await waitUntilAllApplied();
      const inPartition = (await readRecords(topic)).filter(
        ({ partition, value }) => partition === partitionOfEvents && /connectionId\\?":\\?"7733\\?"/.test(value),
      );
      const isSetBack = inPartition.at(-1)?.key === '';
      for (const { connectionId, connectionMandate } of labMandates) {
        const expected = connectionId === '7733' && !isSetBack ? '2' : connectionMandate;
        expect([connectionId, await fetchMandate(iotPlatform, connectionId)]).toEqual([connectionId, expected]);
      }
    });

    it('the lab’s IoT platform saves both fields of each event, with a parse line that accepts an object', async () => {
      const platform = await startLabPlatform(0, parseLine.anyData);
      await patchJson(`${crm?.url}/customers/5`, { connectionMandate: '2' });
      await eventually(async () =>
        expect(await platform.read('4512')).toEqual({ connectionId: '4512', connectionMandate: '2' }),
      );
      const kinds = new Set(platform.received.map((data) => typeof data));
      expect([...kinds].sort()).toEqual(['object', 'string']);
    });

    it('the lab’s own parse line loses each event of our CRM, and keeps what the lab’s CRM publishes', async () => {
      const platform = await startLabPlatform(1, parseLine.asInTheLab);
      await patchJson(`${crm?.url}/customers/5`, { connectionMandate: '1' });
      await eventually(() =>
        expect(platform.received).toContainEqual({ connectionId: '4512', connectionMandate: '1' }),
      );
      await lab.publish({ connectionId: '8820', connectionMandate: '1' });
      await eventually(async () => expect(await platform.read('8820')).toMatchObject({ connectionMandate: '1' }));
      expect(await platform.read('4512')).toEqual({ connectionId: '4512', connectionMandate: '0' });
    });

    it.each([
      ['a later type of event', '8830', { ...event, type: 'utility.crm.other.v9', data: { changes: [] } }],
      ['an event without data', '8831', { ...event, data: undefined }],
      ['further fields', '8832', { ...event, later: 1, data: { ...event.data, later: { more: true } } }],
    ])('the lab’s IoT platform follows the partition after %s', async (_, connectionId, value) => {
      const [platform] = labIotPlatforms;
      const mandate = { connectionId, connectionMandate: '1' };
      await produce(
        { partition: 0, key: '7733', value: JSON.stringify(value) },
        { partition: 0, value: labRecord(mandate) },
      );
      await eventually(async () => expect(await platform?.read(connectionId)).toEqual(mandate));
    });

    it.each([
      ['a tombstone', 1, null, /null&quot; is not valid JSON/g],
      ['a text that is not JSON', 2, 'nonsense', /error deserializing cloud event/g],
    ])('%s blocks its partition of the lab’s IoT platform, and no other', async (_, partition, value, error) => {
      const [platform] = labIotPlatforms;
      const mandateIn = (n: number) => ({ connectionId: `884${partition}-${n}`, connectionMandate: '1' });
      await produce({ partition, value }, { partition, value: labRecord(mandateIn(partition)) });
      await produce({ partition: 0, value: labRecord(mandateIn(0)) });
      await eventually(() => expect(platform?.sidecarOutput().match(error)?.length).toBeGreaterThanOrEqual(3));
      await eventually(async () => expect(await platform?.read(mandateIn(0).connectionId)).toEqual(mandateIn(0)));
      expect(await platform?.read(mandateIn(partition).connectionId)).toBe('');
      await waitForMandate(mandateIn(partition).connectionId, '1');
    });
  });
});
