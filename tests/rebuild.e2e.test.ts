import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { sendChanges } from './changes.ts';
import { eventually } from './eventually.ts';
import { canFakeClocks, fakeClock } from './fake-clock.ts';
import { fetchMandate, getJson } from './http.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import {
  createComponentsFolder,
  type Member,
  startCrmApp,
  startCrmMember,
  startIotApp,
  startIotMember,
} from './stack/dapr-lab.ts';
import { findRedisKeys, resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const topic = topics.connectionMandates.name;
const rows = 3_000;
const customers = 50;

describe.runIf(await isStackReady())('npm run rebuild, on Dapr, Kafka, Redis and MySQL', () => {
  let crm: Member;
  let iotPlatform: Member;
  const env = { CRM_DATABASE_URL: `sqlite:${join(dataFolder(), 'crm.sqlite')}`, CUSTOMERS_CSV: 'none' };

  beforeAll(async () => {
    await resetStack();
    const resources = createComponentsFolder();
    [crm, iotPlatform] = await Promise.all([startCrmMember(resources, env), startIotMember(resources)]);
    await sendChanges(() => crm.url, { customers, changes: customers });
    // Enough connections for a rebuild that takes seconds.
    await crm.app.end('SIGTERM');
    const file = join(dataFolder(), 'customers.csv');
    const lines = Array.from({ length: rows }, (_, n) => `${1_000 + n},First,Last,Delft,${100_000 + n},${1 + (n % 2)}`);
    writeFileSync(file, ['customerId,firstName,lastName,city,connectionId,connectionMandate', ...lines].join('\n'));
    crm = await startCrmApp(crm.sidecar, { ...env, CUSTOMERS_CSV: file });
    const last = String(100_000 + rows - 1);
    await eventually(async () => expect(await fetchMandate(iotPlatform, last)).toBe('2'));
    await eventually(async () => expect((await status(crm)).outbox).toMatchObject({ waiting: 0 }));
  });
  afterAll(async () => {
    await Promise.all([crm, iotPlatform].map((member) => member?.end('SIGKILL')));
  });

  const status = async (member: Member) => (await getJson(`${member.url}/status`)).body as Record<string, object>;
  const view = async (): Promise<object> => (await status(iotPlatform)).view ?? {};
  const start = (args: string[], primaryStore = 'statestore', clock: Record<string, string> = {}) =>
    startProgram(
      process.execPath,
      [
        ...programWords('scripts/rebuild.ts'),
        '--dapr-http-port',
        String(ports.iotPlatforms[0].dapr),
        '--crm',
        crm.url,
        ...args,
      ],
      { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`, STATESTORE_NAME: primaryStore, ...clock },
    );
  const rebuild = async (args: string[] = [], primaryStore?: string) => {
    const command = start(args, primaryStore);
    const code = await command.ended;
    return `${command.output()}exit code ${code}`;
  };

  /** Changes customers and queries the view during `work`, then expects that the view equals all acknowledged changes. */
  const whileChanging = async (work: () => Promise<void>, allowed = [200]) => {
    const progress = { sent: 0 };
    let working = true;
    const query = async () => {
      while (working) {
        const { status } = await getJson(`${iotPlatform.url}/?connectionId=1001`);
        expect(allowed).toContain(status);
        await delay(20);
      }
    };
    const workAndStop = () =>
      work().finally(() => {
        working = false;
        progress.sent = Number.POSITIVE_INFINITY;
      });
    const changes = { customers, changes: Number.POSITIVE_INFINITY, callers: 2, progress };
    const [acknowledged] = await Promise.all([sendChanges(() => crm.url, changes), query(), workAndStop()]);
    await eventually(async () => {
      for (const [id, level] of acknowledged) expect([id, await fetchMandate(iotPlatform, id)]).toEqual([id, level]);
    });
    expect(await view()).toMatchObject({ state: 'complete' });
  };

  it('changes nothing with --dry-run', async () => {
    expect(await rebuild(['--dry-run'])).toMatch(/To be filled: Generation 2 in statestore\.[\s\S]*exit code 0$/);
    expect(await view()).not.toHaveProperty('rebuild');
  });

  it('rebuilds next to the live view while customers change, and continues after kill -9', async () => {
    await whileChanging(async () => {
      // The wall clock of the killed rebuild does not matter.
      const killed = start([], undefined, (await canFakeClocks()) ? fakeClock('+1d') : {});
      await eventually(async () => expect(await view()).toHaveProperty('rebuild'));
      expect(await killed.end('SIGKILL')).toBe('SIGKILL');
      expect(await rebuild()).toMatch(
        /Continuing with Generation 2[\s\S]*Generation 2 in statestore answers now[\s\S]*exit code 0$/,
      );
    });
    expect(await view()).toMatchObject({ generation: { number: 2 }, previous: [{ number: 1 }] });
  });

  it('switches back to a generation that was kept up to date', async () => {
    expect(await rebuild(['--switch-back'])).toMatch(/Generation 1 in statestore answers now\.\nexit code 0$/);
    await whileChanging(async () => {
      await eventually(async () => expect(await view()).toMatchObject({ generation: { number: 1 } }));
    });
  });

  it('lists differences from the CRM, and does not switch', async () => {
    expect(await rebuild(['--retire'])).toMatch(/Removed Generation 2 in statestore\.\nexit code 0$/);
    expect((await findRedisKeys('iot-platform||g2:*')).length).toBe(0);
    const producer = await fetch(`http://127.0.0.1:${ports.crm.dapr}/v1.0/publish/pubsub/connection-mandates-topic`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ connectionId: 'FOREIGN', connectionMandate: '1' }),
    });
    expect(producer.status).toBe(204);
    await eventually(async () => expect(await fetchMandate(iotPlatform, 'FOREIGN')).toBe('1'));
    expect(await rebuild()).toMatch(/FOREIGN +unknown to the CRM +1 +1\n[\s\S]*exit code 1$/);
    expect(await view()).toMatchObject({ generation: { number: 1 } });
    expect(await rebuild(['--abandon'])).toMatch(/given up and removed\.\nexit code 0$/);
    const revoked = JSON.stringify({ connectionId: 'FOREIGN', connectionMandate: '0' });
    await fetch(producer.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: revoked });
  });

  it('rebuilds into MySQL while customers change, and the service moves to that store without missing events', async () => {
    await whileChanging(async () => {
      expect(await rebuild(['--into', 'durable-statestore'])).toMatch(
        /STATESTORE_NAME=durable-statestore[\s\S]*exit code 0$/,
      );
    });
    expect(await view()).toMatchObject({ generation: { store: 'durable-statestore' } });
    await iotPlatform.app.end('SIGTERM');
    iotPlatform = await startIotApp(iotPlatform.sidecar, { STATESTORE_NAME: 'durable-statestore' });
    await whileChanging(async () => expect(await view()).toMatchObject({ state: 'complete' }));
  });

  it('rebuilds in place: queries answer 503 meanwhile, and the mandates of the CRM afterwards', async () => {
    await whileChanging(async () => {
      const running = start(['--in-place'], 'durable-statestore');
      await eventually(async () => expect((await getJson(`${iotPlatform.url}/?connectionId=1001`)).status).toBe(503));
      expect((await getJson(`${iotPlatform.url}/readyz`)).body).toMatchObject({
        checks: { view: expect.stringContaining('being rebuilt') },
      });
      expect([await running.ended, running.output()]).toEqual([0, expect.stringContaining('answers now')]);
    }, [200, 503]);
  });

  it('starts with the mandates of the CRM where the log was truncated, and continues after kill -9', async () => {
    await withKafkaAdmin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const partitions = ends.map(({ partition, high }) => ({ partition, offset: String(Number(high) - 5) }));
      await admin.deleteTopicRecords({ topic, partitions });
    });
    const primaryStore = 'durable-statestore';
    expect(await rebuild([], primaryStore)).toMatch(
      /begins at offset \d+: .* npm run rebuild -- --from-crm .*\nexit code 1$/,
    );
    const before = (await view()) as { generation: { number: number } };
    await whileChanging(async () => {
      const killed = start(['--from-crm'], primaryStore);
      await eventually(async () => expect(await view()).toHaveProperty('rebuild'));
      expect(await killed.end('SIGKILL')).toBe('SIGKILL');
      expect(await rebuild(['--from-crm'], primaryStore)).toMatch(
        /Continuing with Generation \d[\s\S]*answers now[\s\S]*exit code 0$/,
      );
    });
    expect(await view()).toMatchObject({ generation: { number: before.generation.number + 1 } });
    expect(await fetchMandate(iotPlatform, String(100_000 + rows - 1))).toBe('2');
    expect(await fetchMandate(iotPlatform, 'FOREIGN')).toBe(404);
  });
});
