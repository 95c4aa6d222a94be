import { cpSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canaryGreetingId } from '../contracts/events/greeting-posted/canary.ts';
import { topics } from '../contracts/topics.ts';
import { openSqlite } from '../packages/database/sqlite.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { findFreePorts, runDoctor } from './doctor.ts';
import { eventually } from './eventually.ts';
import { canFakeClocks, fakeClock } from './fake-clock.ts';
import { getJson, postJson } from './http.ts';
import {
  dataFolder,
  programWords,
  type RunningProcess,
  root,
  startPlatform,
  startProcess,
  startProgram,
  waitForOutput,
} from './platform-process.ts';
import { trackProcesses } from './track-processes.ts';

const started = trackProcesses();
const track = <T extends RunningProcess>(process: T): T => {
  started.push(process);
  return process;
};

/** Ports that no other program of this machine uses, instead of the default ones. */
let free: Record<string, string>;
beforeAll(async () => {
  const [crm, iotPlatform, customerView] = await findFreePorts(3);
  free = { APP_PORT: String(crm), APP_REST_PORT: String(iotPlatform), CUSTOMER_VIEW_PORT: String(customerView) };
});

const listening = /"url":"(http[^"]+)"/;
const startService = async (id: string, env: Record<string, string>) => {
  const service = track(startProcess(`${id}/main.ts`, env));
  const [url = ''] = await waitForOutput(service, listening);
  return { ...service, url };
};
const startServices = async (...ids: string[]) => {
  const DATA_DIR = dataFolder();
  const env = { ...free, DATA_DIR, CRM_DATABASE_URL: `sqlite:${join(DATA_DIR, 'crm.sqlite')}` };
  const services = [];
  for (const id of ids) services.push(await startService(id, env));
  return { env, services };
};

describe('npm run doctor', () => {
  it('finds nothing wrong with npm start, shows the latency of its canary, and leaves one canary', async () => {
    const env = { DATA_DIR: dataFolder() };
    const platform = track(await startPlatform(env));
    await eventually(async () => expect((await getJson(`${platform.customerView}/readyz`)).status).toBe(200));
    const post = (message: string) => postJson(`${platform.crm}/greetings`, { message });
    await post('Good morning');
    for (let run = 0; run < 2; run++) {
      const { code, findings } = await runDoctor(env);
      expect(findings.filter(({ status }) => status === 'problem' || status === 'warning')).toEqual([]);
      expect(code).toBe(0);
      const canary = findings.find(({ check }) => check === 'canary');
      expect(canary?.message).toMatch(/accepted in \d+ ms and shown by the customer-view after \d+ ms/);
    }
    const { body } = await getJson(`${platform.customerView}/greetings`);
    const items = body.items as { greetingId: string; message: string }[];
    expect(items.map(({ greetingId }) => greetingId === canaryGreetingId)).toEqual([true, false]);
    expect(items[0]?.message).toContain('npm run doctor');
  });

  it('prints a line per finding and the counts, and posts nothing with --no-canary', async () => {
    const env = { DATA_DIR: dataFolder() };
    const platform = track(await startPlatform(env));
    const doctor = startProgram(process.execPath, [...programWords('scripts/doctor.ts'), '--no-canary'], env);
    await doctor.ended;
    expect(doctor.output()).toMatch(/^ok +node +Node v\d+/);
    expect(doctor.output()).toMatch(/^skipped +canary +left out by --no-canary$/m);
    expect(doctor.output()).toMatch(/^\d+ ok.*, \d+ skipped\.$/m);
    expect((await getJson(`${platform.customerView}/greetings`)).body).toEqual({ items: [] });
  });

  it('says what is not checked and how to start, with exit code 2, while nothing runs', async () => {
    const { code, of } = await runDoctor({ ...free, DATA_DIR: dataFolder() });
    expect(code).toBe(2);
    expect(of('services')).toEqual([expect.objectContaining({ status: 'skipped', remedy: 'npm start' })]);
    for (const check of ['sidecars', 'topics', 'consumer groups', 'stores', 'views', 'outbox', 'clocks', 'canary'])
      expect(of(check)).toEqual([expect.objectContaining({ status: 'skipped' })]);
  });

  it('names the program that uses a port of ours', async () => {
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await eventually(() => expect(server.address()).not.toBeNull());
    const { port } = server.address() as AddressInfo;
    const { code, of } = await runDoctor({ ...free, DATA_DIR: dataFolder(), APP_REST_PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    const [finding] = of('ports');
    expect(finding).toMatchObject({ status: 'problem', remedy: expect.stringContaining(`APP_REST_PORT=${port + 10}`) });
    expect(finding?.message).toContain(`port ${port} of the IoT platform is used by process ${process.pid}`);
  });

  it('does not hang where services are stopped, and says how to continue them', async () => {
    const { env, services } = await startServices('crm', 'iot-platform', 'customer-view');
    const pids = services.map(({ pid }) => pid);
    process.kill(pids[1] as number, 'SIGSTOP');
    const { code, of } = await runDoctor(env);
    expect(code).toBe(1);
    expect(of('services')).toEqual([expect.objectContaining({ status: 'problem', remedy: `kill -CONT ${pids[1]}` })]);
    expect(of('canary')).toEqual([]);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const all = await runDoctor(env);
    expect(all.of('services').map(({ remedy }) => remedy)).toEqual(pids.map((pid) => `kill -CONT ${pid}`));
    expect(all.of('canary')).toEqual([expect.objectContaining({ status: 'skipped' })]);
  });

  it('says at which stop the canary is lost, here the view', async () => {
    const { env } = await startServices('crm', 'iot-platform');
    const { code, of } = await runDoctor(env);
    expect(code).toBe(1);
    expect(of('services')).toEqual([
      expect.objectContaining({ status: 'problem', remedy: expect.stringContaining('customer-view/main.ts') }),
    ]);
    expect(of('canary')).toEqual([
      expect.objectContaining({
        status: 'problem',
        message: expect.stringMatching(/accepted and published, but it cannot be seen, .*it does not run/),
        remedy: of('services')[0]?.remedy,
      }),
    ]);
  });

  it('says at which stop the canary is lost, here the outbox', async () => {
    const env = { DATA_DIR: dataFolder() };
    const platform = track(await startPlatform(env));
    await eventually(async () => expect((await getJson(`${platform.customerView}/readyz`)).status).toBe(200));
    const other = openSqlite(join(env.DATA_DIR, 'platform.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const { code, of } = await runDoctor(env);
    other.exec('ROLLBACK');
    other.close();
    expect(code).toBe(1);
    expect(of('canary')).toEqual([
      expect.objectContaining({
        status: 'problem',
        message: expect.stringMatching(/accepted, but not published within \d+ ms: \d+ events? waits? in its outbox/),
      }),
    ]);
  });

  it('reports a dead letter, and every invalid variable at once', async () => {
    const DATA_DIR = dataFolder();
    const platform = track(await startPlatform({ DATA_DIR }));
    const ready = async () => expect((await getJson(`${platform.iotPlatform}/readyz`)).status).toBe(200);
    await eventually(ready);
    const log = openEmbeddedPlatform(join(DATA_DIR, 'platform.sqlite'), Object.values(topics));
    const value = Buffer.from(JSON.stringify({ connectionId: '7733', connectionMandate: '7' }));
    await log.eventBus('test').publish(topics.connectionMandates.name, [{ id: 'x', key: '7733', value }]);
    log.close();
    await eventually(async () => expect((await getJson(`${platform.iotPlatform}/readyz`)).body.deadLetters).toBe(1));
    const { code, of } = await runDoctor({ DATA_DIR, LOG_LEVEL: 'loud', AUTO_REBUILD: 'perhaps' });
    expect(code).toBe(1);
    expect(of('views')).toEqual([
      expect.objectContaining({ status: 'problem', remedy: 'npm run dead-letters -- list --view mandates' }),
    ]);
    const messages = of('configuration').map(({ message }) => message);
    expect(messages).toHaveLength(2);
    expect(messages.join()).toMatch(/LOG_LEVEL: .*\(CRM, IoT platform, customer-view\)/);
  });

  it('reports a broken file of the components folder with its line', async () => {
    const folder = dataFolder();
    cpSync(join(root, 'dapr-components'), folder, { recursive: true });
    writeFileSync(join(folder, 'pubsub.yaml'), 'kind: Component\nmetadata: {name: pubsub\nspec: [');
    const { code, of } = await runDoctor({ ...free, DATA_DIR: dataFolder(), RESOURCES_PATH: folder });
    expect(code).toBe(1);
    expect(of('components').map(({ message }) => message)).toEqual([
      expect.stringMatching(/pubsub\.yaml cannot be read: .*at line \d+/),
      expect.stringContaining('has a component pubsub, which the CRM needs'),
    ]);
    expect(of('components')[1]?.remedy).toBe('unset RESOURCES_PATH');
  });
});

describe.runIf(await canFakeClocks())('npm run doctor, where a clock is wrong,', () => {
  it('names the service whose clock is a day ahead', async () => {
    const env = { DATA_DIR: dataFolder() };
    track(await startPlatform({ ...env, ...fakeClock('+1d') }));
    const { code, of } = await runDoctor(env);
    expect(code).toBe(1);
    expect(of('clocks').map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/the clock of the CRM is 86[34]\d\d s ahead of the clock of this machine/),
      ]),
    );
  });
});
