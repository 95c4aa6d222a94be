import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { followEvents, recordsOf } from './event-frames.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, patchJson } from './http.ts';
import { createComponentsFolder, type Member, startCrmMember, startIotMember, startSidecar } from './stack/dapr-lab.ts';
import { countRecords, createTestKafkaClient, resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const token = 'operator-token-for-tests';
const operator = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const { name: topic } = topics.connectionMandates;
const deadLetterTopic = topics.connectionMandatesDeadLetters.name;

describe.runIf(await isStackReady())('the operations API on Dapr and Kafka', () => {
  const resources = createComponentsFolder();
  let crm: Member;
  let iotPlatform: Member;
  beforeAll(async () => {
    await resetStack();
    const ofIotPlatform = { OPERATOR_TOKEN: token, CRM_URL: `http://127.0.0.1:${ports.crm.rest}` };
    [crm, iotPlatform] = await Promise.all([startCrmMember(resources), startIotMember(resources, ofIotPlatform)]);
    await waitForMandate('7733', '1');
  });
  afterAll(() =>
    Promise.all([crm, iotPlatform].flatMap((member) => [member?.app.end('SIGKILL'), member?.sidecar.end('SIGKILL')])),
  );

  const waitForMandate = (connectionId: string, mandate: unknown) =>
    eventually(async () => expect(await fetchMandate(iotPlatform, connectionId)).toBe(mandate));
  const change = async (connectionMandate: string) =>
    expect((await patchJson(`${crm.url}/customers/7`, { connectionMandate })).status).toBe(200);
  const get = async (path: string) => (await getJson(`${iotPlatform.url}/operations/${path}`)).body;
  const post = async (path: string, body: object) => {
    const request = { method: 'POST', headers: operator, body: JSON.stringify(body) };
    const response = await fetch(`${iotPlatform.url}/operations/${path}`, request);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const publish = async (name: string, key: string, value: string) => {
    const producer = createTestKafkaClient().producer();
    await producer.connect();
    await producer.send({ topic: name, messages: [{ key, value }] });
    await producer.disconnect();
  };

  it('events arrive as they are published, and a client that reconnects gets what it missed, once', async () => {
    const url = `${iotPlatform.url}/operations/events?key=7733`;
    const levelsIn = ({ frames }: Awaited<ReturnType<typeof followEvents>>) =>
      recordsOf(frames()).map(({ value }) => (value as { data: { connectionMandate: string } }).data.connectionMandate);
    const first = await followEvents(url);
    await change('2');
    await eventually(() => expect(levelsIn(first)).toEqual(['2']));
    const [record] = recordsOf(first.frames());
    expect(record).toMatchObject({ topic, key: '7733', type: 'utility.crm.connection-mandate-changed.v1' });
    first.leave();
    await change('0');
    await change('1');
    await waitForMandate('7733', '1');
    const second = await followEvents(url, { 'Last-Event-ID': String(first.frames().at(-1)?.id) });
    await change('2');
    await eventually(() => expect(levelsIn(second)).toEqual(['0', '1', '2']));
    second.leave();
    const [, ...later] = [record, ...recordsOf(second.frames())].map((one) => Number(one?.offset));
    expect(later).toEqual([1, 2, 3].map((n) => Number(record?.offset) + n));
  });

  it('the lag grows while the sidecar is stopped, what the view has applied is then unknown, and both return', async () => {
    const group = () => get('consumer-group');
    await waitForMandate('7733', '2');
    await eventually(async () => expect(await group()).toMatchObject({ lag: 0 }));
    await iotPlatform.sidecar.end('SIGTERM');
    await change('1');
    await change('0');
    await eventually(async () => expect(await group()).toMatchObject({ lag: 2, members: [] }));
    const stopped = (await group()) as { problem: string; partitions: { lag: number; applied: unknown }[] };
    expect(stopped.partitions.map(({ lag }) => lag).filter((lag) => lag > 0)).toEqual([2]);
    expect(stopped.partitions.every(({ applied }) => applied === null)).toBe(true);
    expect(stopped.problem).not.toBe('');
    const { app, rest: _, ...sidecarPorts } = ports.iotPlatforms[0];
    const sidecar = await startSidecar('iot-platform', app, sidecarPorts, resources);
    iotPlatform = { ...iotPlatform, sidecar };
    await waitForMandate('7733', '0');
    await eventually(async () => expect(await group()).toMatchObject({ lag: 0 }));
    expect(await group()).not.toHaveProperty('problem');
  });

  it('dead letters are listed, replayed to their topic, and discarded', async () => {
    type Letters = { total: number; items: { id: string; key: string; state: string; reason: string }[] };
    const list = async (total: number) =>
      eventually(async () => {
        const response = await fetch(`${iotPlatform.url}/operations/dead-letters`, { headers: operator });
        const letters = (await response.json()) as Letters;
        expect(letters.total).toBe(total);
        return letters.items;
      });
    await publish(topic, 'P1', JSON.stringify({ connectionId: 'P1', connectionMandate: '0' }));
    await waitForMandate('P1', '0');
    await publish(topic, 'P1', 'no JSON');
    const [letter] = await list(1);
    expect(letter).toMatchObject({ key: 'P1', state: 'open', reason: expect.stringContaining('not JSON') });
    await waitForMandate('P1', 503);

    const value = JSON.stringify({ connectionId: 'P2', connectionMandate: '1' });
    const readable = { reason: 'written for an older version', topic, partition: 0, timestamp: 1, key: 'P2', value };
    await publish(deadLetterTopic, 'P2', JSON.stringify({ id: 'p2', time: new Date().toISOString(), data: readable }));
    await list(2);
    const before = await countRecords(topic);
    expect(await post('dead-letters/replay', { ids: ['p2'] })).toEqual({ status: 200, body: { replayed: 1 } });
    await waitForMandate('P2', '1');
    expect(await countRecords(topic)).toBe(before + 1);

    expect(await post('dead-letters/discard', { ids: [letter?.id] })).toMatchObject({ body: { discarded: 1 } });
    await waitForMandate('P1', '0');
    expect((await list(2)).find(({ key }) => key === 'P1')).toMatchObject({ state: 'discarded' });
  });

  it('a rebuild is compared with the CRM and does not switch while they differ; once they agree, it does', async () => {
    const untilShown = (expected: object) =>
      eventually(async () => expect(await get('rebuild')).toMatchObject(expected));
    expect((await post('rebuild', {})).status).toBe(202);
    const mismatch = { key: 'P2', source: '0', isUnknown: true, rebuilt: '1', live: '1' };
    await untilShown({
      generation: { number: 1 },
      running: { phase: 'filled', isActive: false, isHeld: false, continueWith: { path: '/operations/rebuild' } },
      last: { action: 'rebuild', result: 'differs', mismatches: { count: 1, first: [mismatch] } },
    });
    await publish(topic, 'P2', JSON.stringify({ connectionId: 'P2', connectionMandate: '0' }));
    await waitForMandate('P2', '0');
    expect((await post('rebuild', {})).status).toBe(202);
    await untilShown({
      generation: { number: 2 },
      switchBackTo: { number: 1 },
      running: null,
      last: { action: 'rebuild', result: 'switched', generation: { number: 2 }, mismatches: { count: 0, first: [] } },
    });
  });

  it('an explanation has every event of the connection, and what CRM and view say', async () => {
    const where = 'generation 2 in statestore, complete';
    const { events, sides, agree } = await eventually(async () => {
      const explained = (await get('explain/7733')) as Record<string, { level: string; side: string }[]>;
      expect(explained.sides?.[1]).toMatchObject({ where });
      return explained;
    });
    expect(events?.map(({ level }) => level)).toEqual(['1', '2', '0', '1', '2', '1', '0']);
    expect(sides).toMatchObject([
      { side: 'CRM', level: '0' },
      { side: 'view', level: '0', where },
    ]);
    expect(agree).toBe(true);
  });
});
