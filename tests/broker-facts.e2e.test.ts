import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { createKafkaLogReader } from '../packages/kafka/log-reader.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { programWords, startProgram } from './platform-process.ts';
import { createComponentsFolder, type Member, startIotApp, startIotMember } from './stack/dapr-lab.ts';
import { createTestKafkaClient, resetStack, withKafkaAdmin, withRedis } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const topic = topics.connectionMandates.name;

type Level = '0' | '1' | '2';
type Message = {
  key?: string;
  value: string | null;
  partition?: number;
  timestamp?: string;
  headers?: Record<string, string>;
};

const event = (connectionId: string, connectionMandate: Level, revision: number): string =>
  JSON.stringify(
    createMandateChangedEvent(
      { connectionId, connectionMandate },
      { id: `${revision}`, revision, time: new Date(revision) },
    ),
  );
const message = (connectionId: string, level: Level, revision = Date.now()): Message => ({
  key: connectionId,
  value: event(connectionId, level, revision),
});

const publish = async (...messages: Message[]) => {
  const producer = createTestKafkaClient().producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
};

describe.runIf(await isStackReady())('the IoT platform and its broker', () => {
  let iotPlatform: Member;
  let resources: string;

  const restart = async (folder: string) => {
    await iotPlatform?.end('SIGTERM');
    iotPlatform = await startIotMember(folder, { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` });
  };
  beforeAll(async () => {
    await resetStack();
    resources = createComponentsFolder();
    await restart(resources);
  });
  afterAll(async () => iotPlatform?.end('SIGKILL'));

  const waitForMandate = (connectionId: string, mandate: unknown) =>
    eventually(async () => expect(await fetchMandate(iotPlatform, connectionId)).toBe(mandate));
  const status = async () =>
    (await getJson(`${iotPlatform.url}/status`)).body as {
      lag: number;
      view: { state: string; warning?: string; partitions: Record<string, { applied: number; missing: unknown[] }> };
    };
  const waitUntilUpToDate = () =>
    eventually(async () => expect(await status()).toMatchObject({ lag: 0, view: { state: 'complete' } }));
  const expectReady = async () => expect((await getJson(`${iotPlatform.url}/readyz`)).status).toBe(200);

  describe('offsets without a record', () => {
    it('between transactions of one record each leave the view complete, and lag becomes 0', async () => {
      const producer = createTestKafkaClient().producer({
        transactionalId: 'gaps',
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      for (let n = 0; n < 100; n++) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [message(`T${n % 10}`, n < 90 ? '1' : '2')] });
        if (n === 50) await transaction.abort();
        else await transaction.commit();
      }
      await producer.disconnect();
      for (let n = 0; n < 10; n++) await waitForMandate(`T${n}`, '2');
      await waitUntilUpToDate();
      await expectReady();
    });

    it('after records of an open transaction leave the view complete', async () => {
      const transactional = async (transactionalId: string) => {
        const producer = createTestKafkaClient().producer({
          transactionalId,
          maxInFlightRequests: 1,
          idempotent: true,
        });
        await producer.connect();
        return { producer, transaction: await producer.transaction() };
      };
      const [one, other] = [await transactional('open'), await transactional('short')];
      await one.transaction.send({ topic, messages: [{ ...message('O1', '1'), partition: 0 }] });
      await waitForMandate('O1', '1');
      await other.transaction.send({ topic, messages: [{ ...message('O2', '1'), partition: 0 }] });
      await other.transaction.commit();
      await publish({ ...message('O3', '1'), partition: 0 });
      await waitForMandate('O3', '1');
      await expectReady();
      await one.transaction.commit();
      await Promise.all([one, other].map(({ producer }) => producer.disconnect()));
      await waitUntilUpToDate();
    });

    it('are verified again after a restart', async () => {
      await restart(resources);
      await waitForMandate('T1', '2');
      await waitUntilUpToDate();
    });
  });

  describe('record headers that look like broker metadata', () => {
    const forged = (connectionId: string, headers: Record<string, string>): Message => ({
      ...message(connectionId, '1'),
      headers,
    });
    const cases: [string, Record<string, string>][] = [
      ['H1', { __offset: '1000000' }],
      ['H2', { __partition: '77' }],
      ['H3', { __partition: '77', __offset: '0' }],
      ['H4', { __offset: '0' }],
      ['H5', { __key: 'other', __timestamp: '99999999999999' }],
      ['H6', { __offset: 'soon', __timestamp: '-1' }],
    ];

    it('are ignored with the project’s component', async () => {
      for (const [connectionId, headers] of cases) await publish(forged(connectionId, headers), message('N1', '1'));
      for (const [connectionId] of cases) await waitForMandate(connectionId, '1');
      await waitUntilUpToDate();
      expect(Object.keys((await status()).view.partitions).sort()).toEqual(['0', '1', '2', '3']);
    });

    it('do not include other names, and a record without a timestamp is applied', async () => {
      await publish({ ...message('S1', '2'), partition: 0 });
      await waitForMandate('S1', '2');
      await iotPlatform.end('SIGTERM');
      const headers = { __TypeId__: 'com.example.MandateChanged' };
      await publish({ ...message('S1', '0'), partition: 0, headers });
      await withKafkaAdmin(async (admin) => {
        const offsets = await admin.fetchTopicOffsets(topic);
        const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }));
        await admin.setOffsets({ groupId: 'iot-platform-consumer', topic, partitions });
      });
      await restart(resources);
      await eventually(async () => expect((await status()).view.state).toBe('incomplete'));
      expect(await fetchMandate(iotPlatform, 'S1')).toBe(503);
      await iotPlatform.end('SIGTERM');
      await withKafkaAdmin((admin) => admin.resetOffsets({ groupId: 'iot-platform-consumer', topic, earliest: true }));
      await restart(resources);
      await waitForMandate('S1', '0');
      await publish({ ...message('S1', '1'), partition: 0, timestamp: '-1' });
      await waitForMandate('S1', '1');
      await restart(resources);
      await waitUntilUpToDate();
      await waitForMandate('S1', '1');
    });

    it('affect their own record only where the component does not exclude them', async () => {
      await restart(
        createComponentsFolder((_, yaml) => yaml.replaceAll(/ +- name: excludeHeaderMetaRegex\n.*\n/g, '')),
      );
      for (const [connectionId, headers] of cases) {
        const other = connectionId.replace('H', 'J');
        await publish(forged(other, headers));
        await publish(message('N1', '2'), message('N2', '2'), message('N3', '2'), message('N4', '2'));
        await waitForMandate(other, '1');
        await waitUntilUpToDate();
      }
      for (const other of ['N1', 'N2', 'N3', 'N4']) await waitForMandate(other, '2');
      expect((await withRedis((client) => client.keys('*position*77*'))) as string[]).toEqual([]);
      await restart(resources);
    });
  });

  describe('a record that cannot be parsed', () => {
    const deadLetters = async (...args: string[]) => {
      const env = {
        KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
        DAPR_HTTP_PORT: String(ports.iotPlatforms[0].dapr),
      };
      const command = startProgram(process.execPath, [...programWords('scripts/dead-letters.ts'), ...args], env);
      return { code: await command.ended, output: command.output() };
    };

    it.each([
      ['has no value', null],
      ['is no JSON', 'nonsense'],
      ['names its connection and no level', '{"connectionId":"Z1"}'],
    ])('because it %s makes only its own connection refuse, until it is discarded', async (_, value) => {
      await publish(message('Z1', '2'), message('Z2', '1'));
      await waitForMandate('Z1', '2');
      await publish({ key: 'Z1', value });
      await waitForMandate('Z1', 503);
      expect((await getJson(`${iotPlatform.url}/mandates/Z1`)).body.type).toBe('urn:problem:record-dead-lettered');
      expect(await fetchMandate(iotPlatform, 'Z2')).toBe('1');
      expect((await getJson(`${iotPlatform.url}/readyz`)).body).toMatchObject({ status: 'ready', deadLetters: 1 });
      const { output } = await deadLetters('list');
      const [, id] = /^(\S+) .* Z1 +open /m.exec(output) ?? [];
      expect(await deadLetters('discard', String(id))).toEqual({ code: 0, output: '1 discarded.\n' });
      await waitForMandate('Z1', '2');
      await waitUntilUpToDate();
    });

    it('is settled by a newer change, and a replay of all leaves it out', async () => {
      await publish({ key: 'Z2', value: 'nonsense' });
      await waitForMandate('Z2', 503);
      await publish(message('Z2', '0'));
      await waitForMandate('Z2', '0');
      const { output } = await deadLetters('list');
      expect(output).toMatch(/ Z2 +settled +not JSON/);
      expect(await deadLetters('replay', '--all')).toEqual({ code: 0, output: '0 published to their topics again.\n' });
      expect(await fetchMandate(iotPlatform, 'Z2')).toBe('0');
    });
  });

  it('the log reader reads records that a producer has compressed', async () => {
    const { fetchKafkaJars } = await import('../scripts/stack/parts/kafka.ts');
    const java =
      `java -cp '${await fetchKafkaJars(() => {})}/*' org.apache.kafka.tools.ConsoleProducer --topic ${topic} ` +
      `--bootstrap-server 127.0.0.1:${ports.kafka} --compression-codec zstd`;
    const payload = JSON.stringify({ connectionId: 'Y1', connectionMandate: '2' });
    const producer = startProgram('bash', ['-c', `echo '${payload}' | ${java}`], {});
    expect([await producer.ended, producer.output()]).toEqual([0, expect.any(String)]);
    await waitForMandate('Y1', '2');
    const log = createKafkaLogReader([`127.0.0.1:${ports.kafka}`], { newId: randomUUID });
    const values: string[] = [];
    await log.read(topic, await log.offsets(topic), async ({ records }) => {
      values.push(...records.map(({ value }) => String(value)));
    });
    expect(values).toContain(payload);
  });

  it('partitions beyond the declared number are consumed, compared and rebuilt', async () => {
    await withKafkaAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 8 }] }));
    await publish({ ...message('P6', '1'), partition: 6 }, { ...message('P1', '1'), partition: 1 });
    // A sidecar that meets a partition without a leader waits up to two minutes before it joins the group again.
    await waitForMandate('P6', '1');
    await waitUntilUpToDate();
    // Simulates a restored store that lost one of the partitions.
    await withRedis((client) => client.del(['iot-platform||P6', `iot-platform||position:mandates:${topic}:6`]));
    await eventually(async () => expect((await status()).view.state).toBe('incomplete'));
    expect(await fetchMandate(iotPlatform, 'T1')).toBe(503);
    const rebuild = startProgram(
      process.execPath,
      [...programWords('scripts/rebuild.ts'), '--without-crm', '--dapr-http-port', String(ports.iotPlatforms[0].dapr)],
      { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` },
    );
    expect([await rebuild.ended, rebuild.output()]).toEqual([0, expect.stringContaining('answers now')]);
    await waitForMandate('P6', '1');
    await waitUntilUpToDate();
  });

  it('a log that was truncated before it was read leaves the view incomplete, with a rebuild from the CRM as remedy', async () => {
    await iotPlatform.end('SIGTERM');
    await publish(...[...Array(20).keys()].map((n) => message(`C${n}`, '1')));
    await withKafkaAdmin(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic, partitions });
    });
    iotPlatform = await startIotMember(resources);
    await eventually(async () => expect((await status()).view.state).toBe('incomplete'));
    expect((await status()).view.warning).toContain('npm run rebuild -- --from-crm');
    expect(await fetchMandate(iotPlatform, 'T1')).toBe(503);
  });

  it('a topic that was deleted and created again is recognised, also when it has grown past the checkpoint', async () => {
    await iotPlatform.end('SIGTERM');
    await resetStack();
    iotPlatform = await startIotMember(resources);
    await publish({ ...message('R1', '2'), partition: 0 }, { ...message('R2', '1'), partition: 0 });
    await waitForMandate('R2', '1');
    await waitUntilUpToDate();
    await iotPlatform.end('SIGTERM');
    await resetStack({ keepStores: true });
    await publish(...[...Array(5).keys()].map((n) => ({ ...message('R2', '2'), partition: n % 4 })));
    await publish(...[...Array(5).keys()].map(() => ({ ...message('R2', '1'), partition: 0 })));
    iotPlatform = await startIotMember(resources);
    await eventually(async () => expect((await status()).view.state).toBe('incomplete'));
    expect((await status()).view.warning).toContain('npm run rebuild -- --from-crm');
    expect(await fetchMandate(iotPlatform, 'R1')).toBe(503);
    expect((await getJson(`${iotPlatform.url}/readyz`)).status).toBe(503);
  });

  it('queries answer 503 when the broker does not answer how many partitions there are', async () => {
    await iotPlatform.app.end('SIGTERM');
    iotPlatform = await startIotApp(iotPlatform.sidecar, { KAFKA_BROKERS: '127.0.0.1:1' });
    const { status, body } = await getJson(`${iotPlatform.url}/mandates/R1`);
    expect([status, body.type]).toEqual([503, 'urn:problem:log-unavailable']);
  });
});
