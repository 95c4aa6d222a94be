import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { expectOrderInHistory } from './order-history.ts';
import { dataFolder, startPlatform, startProcess, startProgram, waitForOutput } from './platform-process.ts';
import { sendRaw } from './raw-http.ts';
import { trackProcesses } from './track-processes.ts';

const started = trackProcesses();
const start = async (env: Record<string, string>) => {
  const platform = await startPlatform(env);
  started.push(platform);
  return platform;
};

const change = (crm: string, customer: object) => postJson(`${crm}/customers/7`, customer);
const mandate = (url: string, connectionId: string) => fetchMandate({ url }, connectionId);
const offsets = async (iotPlatform: string) => {
  const { body } = await getJson(`${iotPlatform}/status`);
  const { partitions } = body.view as { partitions: Record<string, { applied: number }> };
  return Object.values(partitions).reduce((sum, { applied }) => sum + applied + 1, 0);
};

describe('npm start', () => {
  it('loads the customers, shows their mandates and orders, and ends with exit code 0 at Ctrl-C', async () => {
    const platform = await start({ DATA_DIR: dataFolder() });
    expect(await mandate(platform.iotPlatform, '7733')).toBe('1');
    expect((await getJson(`${platform.customerView}/customers/7`)).status).toBe(200);
    await eventually(async () => expect(await offsets(platform.iotPlatform)).toBe(8));
    await expectOrderInHistory(platform.crm, platform.customerView);
    expect(platform.output().match(/^\{.*/gm)).toEqual([expect.stringContaining('customers imported')]);
    for (const url of [platform.crm, platform.iotPlatform, platform.customerView])
      expect(platform.output()).toContain(`${url}  docs: ${url}/docs\n`);
    expect(await platform.end('SIGINT')).toBe(0);
    expect(platform.output()).toMatch(/\nstopped\n$/);
  });

  it('ends at Ctrl-C while it loads a large file, and loads it at the next start', async () => {
    const DATA_DIR = dataFolder();
    const CUSTOMERS_CSV = join(dataFolder(), 'customers.csv');
    const rows = Array.from({ length: 20_000 }, (_, n) => `${n + 1},Eva,Vos,Delft,${n + 1},1`);
    const text = ['customerId,firstName,lastName,city,connectionId,connectionMandate', ...rows].join('\n');
    writeFileSync(CUSTOMERS_CSV, text);
    const first = startProcess('scripts/start.ts', { DATA_DIR, CUSTOMERS_CSV, LOG_LEVEL: 'debug' });
    await waitForOutput(first, /"msg":"migrating"/);
    expect(await first.end('SIGINT')).toBe(0);
    expect(first.output()).toMatch(/\nstopped\n$/);
    expect(first.output()).not.toContain('customers imported');
    const again = await startPlatform({ DATA_DIR, CUSTOMERS_CSV });
    started.push(again);
    expect((await getJson(`${again.crm}/customers/20000`)).status).toBe(200);
  });

  it('stops when its terminal is closed, and leaves no record of its services', async () => {
    const DATA_DIR = dataFolder();
    const platform = await start({ DATA_DIR });
    expect(await platform.end('SIGHUP')).toBe(0);
    expect(readdirSync(join(DATA_DIR, 'running')).filter((file) => file.endsWith('.json'))).toEqual([]);
  });

  it('stops when only npm gets the signal', async () => {
    const ports = { APP_PORT: '0', APP_REST_PORT: '0', CUSTOMER_VIEW_PORT: '0' };
    const npm = startProgram('npm', ['start'], { DATA_DIR: dataFolder(), ...ports });
    started.push(npm);
    await waitForOutput(npm, /Ctrl-C stops/);
    // The output ends when the last process that writes it has ended.
    await npm.end('SIGTERM');
    expect(npm.output()).toMatch(/\nstopped\n$/);
  });

  it('keeps customers, mandates and offsets across restarts, and publishes nothing twice', async () => {
    const env = { DATA_DIR: dataFolder() };
    const first = await start(env);
    expect((await change(first.crm, corinneInRealTime)).status).toBe(200);
    await eventually(async () => expect(await mandate(first.iotPlatform, '7733')).toBe('2'));
    await first.end('SIGTERM');

    const second = await start(env);
    expect((await getJson(`${second.crm}/customers/7`)).body.connectionMandate).toBe('2');
    expect(await mandate(second.iotPlatform, '7733')).toBe('2');
    expect((await change(second.crm, { ...corinneInRealTime, connectionMandate: '0' })).status).toBe(200);
    await eventually(async () => expect(await mandate(second.iotPlatform, '7733')).toBe('0'));
    expect(await offsets(second.iotPlatform)).toBe(10);
    const { body } = await getJson(`${second.iotPlatform}/status`);
    expect(body.sinceStart).toMatchObject({ applied: 1, ignored: 0 });
    expect(second.output()).not.toMatch(/^\{.*"level":30/m);
  });

  it('loads the CSV again with a CRM in memory, as in the Dapr lab', async () => {
    const env = { DATA_DIR: dataFolder(), CRM_DATABASE_URL: 'memory' };
    const first = await start(env);
    await change(first.crm, corinneInRealTime);
    await eventually(async () => expect(await mandate(first.iotPlatform, '7733')).toBe('2'));
    await first.end('SIGKILL');
    const second = await start(env);
    await eventually(async () => expect(await mandate(second.iotPlatform, '7733')).toBe('1'));
    expect((await getJson(`${second.crm}/status`)).body.database).toContain('in memory');
  });

  it('names all ports that are taken and the process that uses them, before it creates anything', async () => {
    const servers = [createServer(), createServer()].map((server) => server.listen(0, '127.0.0.1'));
    await eventually(() => expect(servers.every((server) => server.address() !== null)).toBe(true));
    const [one, two] = servers.map((server) => (server.address() as { port: number }).port);
    const DATA_DIR = dataFolder();
    const taken = { DATA_DIR, APP_PORT: String(one), CUSTOMER_VIEW_PORT: String(two) };
    const process = startProcess('scripts/start.ts', taken);
    expect(await process.ended).toBe(1);
    for (const [port, variable] of [
      [one, 'APP_PORT'],
      [two, 'CUSTOMER_VIEW_PORT'],
    ])
      expect(process.output()).toMatch(
        new RegExp(`^Port ${port} is in use\\. Choose another: ${variable}=\\d+ before the command\\.`, 'm'),
      );
    if (globalThis.process.platform === 'linux')
      expect(process.output()).toContain(`It is used by process ${globalThis.process.pid} (`);
    expect(readdirSync(DATA_DIR).filter((file) => file !== 'npm-start.lock')).toEqual([]);
    const same = startProcess('scripts/start.ts', { DATA_DIR, APP_PORT: '26123', APP_REST_PORT: '26123' });
    expect(await same.ended).toBe(1);
    expect(same.output()).toBe('APP_PORT and APP_REST_PORT are both 26123: set another port for one of them.\n');
    for (const server of servers) server.close();
  });

  it.each([
    'crm/main.ts',
    'iot-platform/main.ts',
    'customer-view/main.ts',
  ])('%s alone names a port that is taken, before it creates anything', async (main) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const DATA_DIR = dataFolder();
    const ports = { APP_PORT: String(port), APP_REST_PORT: String(port), CUSTOMER_VIEW_PORT: String(port) };
    const process = startProcess(main, { DATA_DIR, ...ports });
    expect(await process.ended).toBe(1);
    expect(process.output()).toMatch(new RegExp(`^Port ${port} is in use`));
    expect(readdirSync(DATA_DIR)).toEqual([]);
    server.close();
  });

  it('does not start twice on one data folder, and names the process that has it; after kill -9 it starts', async () => {
    const DATA_DIR = dataFolder();
    const first = await start({ DATA_DIR });
    const second = startProcess('scripts/start.ts', { DATA_DIR });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      `Another npm start uses the data folder ${DATA_DIR}: process ${first.pid}, ${first.crm}, `,
    );
    expect(second.output()).toContain(
      `Stop it with Ctrl-C or kill ${first.pid}, or start this one with other data and other ports: DATA_DIR=`,
    );
    expect((await getJson(`${first.crm}/readyz`)).status).toBe(200);
    await first.end('SIGKILL');
    const third = await start({ DATA_DIR });
    expect((await getJson(`${third.crm}/readyz`)).status).toBe(200);
  });

  it.each([
    ['/proc/nope', /^DATA_DIR=\/proc\/nope cannot be used \(.*\): give a folder/],
    ['/dev/null', /^DATA_DIR=\/dev\/null cannot be used \(.*\): give a folder/],
    ['/dev/null/below', /^DATA_DIR=\/dev\/null\/below cannot be used \(.*\): give a folder/],
  ])('reports a data folder that cannot be created: %s', async (DATA_DIR, message) => {
    const process = startProcess('scripts/start.ts', { DATA_DIR });
    expect(await process.ended).toBe(1);
    expect(process.output()).toMatch(message);
    for (const main of ['customer-view/main.ts', 'iot-platform/main.ts']) {
      const service = startProcess(main, { DATA_DIR });
      expect(await service.ended).toBe(1);
      expect(service.output()).toMatch(/give a folder that exists or can be created|is not a folder/);
    }
  });

  it('names the port that is taken and the variable that moves it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await eventually(() => expect(server.address()).not.toBeNull());
    const { port } = server.address() as { port: number };
    for (const variable of ['APP_PORT', 'APP_REST_PORT', 'CUSTOMER_VIEW_PORT']) {
      const process = startProcess('scripts/start.ts', { DATA_DIR: dataFolder(), [variable]: String(port) });
      expect(await process.ended).toBe(1);
      expect(process.output()).toMatch(new RegExp(`Port ${port} is in use. Choose another: ${variable}=\\d+`));
      expect(process.output()).not.toContain('at ');
    }
    server.close();
  });

  it('refuses an argument, because environment variables configure it', async () => {
    const process = startProcess('scripts/start.ts', { DATA_DIR: dataFolder() }, ['--port', '9999']);
    expect(await process.ended).toBe(1);
    expect(process.output()).toBe(
      'npm start has no argument --port: environment variables configure it, see npm start -- --help.\n',
    );
  });

  it('answers under the names in ALLOWED_HOSTS, and accepts changes of pages from ALLOWED_ORIGINS', async () => {
    const names = { ALLOWED_HOSTS: 'platform.example.org', ALLOWED_ORIGINS: 'https://console.example.org' };
    const platform = await start({ DATA_DIR: dataFolder(), ...names });
    for (const url of [platform.crm, platform.iotPlatform, platform.customerView]) {
      const send = async (host: string, origin: string) => {
        const head = `DELETE /nothing HTTP/1.1\r\nHost: ${host}\r\nOrigin: https://${origin}\r\nConnection: close\r\n\r\n`;
        return (await sendRaw(Number(new URL(url).port), head)).status;
      };
      expect(await send('platform.example.org', 'platform.example.org')).toBe(404);
      expect(await send('platform.example.org', 'console.example.org')).toBe(404);
      expect(await send('platform.example.org', 'evil.example')).toBe(403);
      expect(await send('evil.example', 'evil.example')).toBe(421);
    }
  });

  it('reports invalid configuration and a missing CSV', async () => {
    const process = startProcess('scripts/start.ts', { APP_PORT: 'x', LOG_LEVEL: 'loud', DATA_DIR: dataFolder() });
    expect(await process.ended).toBe(1);
    expect(process.output()).toMatch(/LOG_LEVEL: trace/);
    const wrong = { APP_PORT: 'x', APP_REST_PORT: 'y', CUSTOMER_VIEW_PORT: 'z', CRM_DATABASE_URL: 'oracle:' };
    const all = startProcess('scripts/start.ts', { ...wrong, DATA_DIR: dataFolder() });
    expect(await all.ended).toBe(1);
    for (const name of Object.keys(wrong))
      expect(all.output().match(new RegExp(`^  ${name}: `, 'gm')), name).toHaveLength(1);
    const isFolder = startProcess('scripts/start.ts', { CUSTOMERS_CSV: 'data', DATA_DIR: dataFolder() });
    expect(await isFolder.ended).toBe(1);
    expect(isFolder.output()).toBe('CUSTOMERS_CSV: data is a folder. Set CUSTOMERS_CSV to a CSV file, or to none.\n');
    const missing = startProcess('scripts/start.ts', { CUSTOMERS_CSV: 'nowhere.csv', DATA_DIR: dataFolder() });
    expect(await missing.ended).toBe(1);
    expect(missing.output()).toContain('nowhere.csv cannot be read');
    const CUSTOMERS_CSV = join(dataFolder(), 'customers.csv');
    for (const firstLine of ['1,Eva,Vos,Delft,A1,1', 'Eva,Vos', 'firstName,Eva Vos,Ort,Stadt,Vos']) {
      writeFileSync(CUSTOMERS_CSV, firstLine);
      const withoutHeader = startProcess('scripts/start.ts', { CUSTOMERS_CSV, DATA_DIR: dataFolder() });
      expect(await withoutHeader.ended).toBe(1);
      expect(withoutHeader.output()).toContain('The header ');
      expect(withoutHeader.output()).not.toMatch(/Eva|Vos|Stadt/);
    }
  });
});

describe('the services in separate processes', () => {
  it('share the log, and the view follows across a restart of the CRM', async () => {
    const DATA_DIR = dataFolder();
    const env = { DATA_DIR, CRM_DATABASE_URL: `sqlite:${join(DATA_DIR, 'crm.sqlite')}` };
    const listening = /"url":"(http[^"]+)"/;
    const startService = async (file: string) => {
      const service = startProcess(file, env);
      started.push(service);
      const [url] = await waitForOutput(service, listening);
      return { ...service, url: url as string };
    };
    const crm = await startService('crm/main.ts');
    expect((await change(crm.url, corinneInRealTime)).status).toBe(200);
    const iotPlatform = await startService('iot-platform/main.ts');
    await eventually(async () => expect(await mandate(iotPlatform.url, '7733')).toBe('2'));
    await crm.end('SIGTERM');
    expect(await mandate(iotPlatform.url, '7733')).toBe('2');
    const again = await startService('crm/main.ts');
    await change(again.url, { ...corinneInRealTime, connectionMandate: '0' });
    await eventually(async () => expect(await mandate(iotPlatform.url, '7733')).toBe('0'));
  });
});
