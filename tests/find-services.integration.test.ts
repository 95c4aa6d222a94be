import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate } from './http.ts';
import {
  dataFolder,
  programWords,
  startPlatform,
  startProcess,
  startProgram,
  waitForOutput,
} from './platform-process.ts';
import { trackProcesses } from './track-processes.ts';

let DATA_DIR: string;
const started = trackProcesses();
beforeEach(() => {
  DATA_DIR = dataFolder();
});

/** Runs a command that knows nothing but the data folder, and the variables of `env`. */
const run = async (line: string, env: Record<string, string> = {}) => {
  const [file = '', ...args] = line.split(' ');
  const command = startProgram(process.execPath, [...programWords(file), ...args], { DATA_DIR, ...env });
  started.push(command);
  return { code: await command.ended, output: command.output() };
};
const importFile = 'crm/cli/import.ts data/customer-database.csv --dry-run';
/** Each command that calls a service or works on its log, and what it prints when it has found it. */
const commands = [
  [importFile, /0 refused/, 0],
  ['crm/cli/republish.ts 7733', /is published with revision/, 0],
  ['scripts/orders.ts generate 3 --seed 1', /The CRM has 3 orders/, 0],
  ['scripts/explain.ts 7733', /Log, CRM and view agree/, 0],
  ['scripts/status.ts', /customer-view +greetings/, 0],
  ['scripts/rebuild.ts --dry-run', /Nothing was changed/, 0],
  ['scripts/dead-letters.ts', /There are no dead letters/, 0],
  ['scripts/consumer-group.ts', /connection-mandates-topic|partition/, 0],
] as const;

describe('the commands', () => {
  it('find the services of npm start on any port', async () => {
    const platform = await startPlatform({ DATA_DIR });
    started.push(platform);
    for (const [line, printed, code] of commands) {
      const ran = await run(line);
      expect(ran.output, line).toMatch(printed);
      expect(ran.code, ran.output).toBe(code);
    }
  });

  it('find services that run as separate processes', async () => {
    const services = ['crm/main.ts', 'iot-platform/main.ts', 'customer-view/main.ts'];
    for (const main of services) {
      const service = startProcess(main, { DATA_DIR, CRM_DATABASE_URL: `sqlite:${DATA_DIR}/crm.sqlite` });
      started.push(service);
      await waitForOutput(service, /"url":"(http[^"]+)"/);
    }
    expect((await run('scripts/status.ts')).output).toMatch(/customer-view +greetings/);
    expect((await run('scripts/explain.ts 7733')).output).toMatch(/Log, CRM and view agree/);
    expect((await run(importFile)).code).toBe(0);
  });

  it('do not use the record of a killed service, say where they looked, and find the next one', async () => {
    const first = await startPlatform({ DATA_DIR });
    await first.end('SIGKILL');
    const nowhere = { CRM_URL: '', APP_PORT: '' };
    const { code, output } = await run(importFile, { ...nowhere, NO_PROXY: '*' });
    // Another project's CRM may run on the default port.
    if (code !== 0) expect(output).toContain(`no running CRM is recorded in ${DATA_DIR}/running (DATA_DIR)`);
    expect(output).not.toContain(first.crm);
    const second = await startPlatform({ DATA_DIR });
    started.push(second);
    expect((await run(importFile)).code).toBe(0);
  });

  it('do not find a service after Ctrl-C', async () => {
    const platform = await startPlatform({ DATA_DIR });
    expect(await platform.end('SIGINT')).toBe(0);
    const elsewhere = { CRM_URL: 'http://127.0.0.1:9' };
    const { code, output } = await run(importFile, elsewhere);
    expect(code).toBe(1);
    expect(output).toContain('No CRM answers at http://127.0.0.1:9');
    expect(output).toContain('This address is from CRM_URL.');
  });

  it('call the service of the variable instead, where that is set', async () => {
    const platform = await startPlatform({ DATA_DIR });
    started.push(platform);
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(String(request.url));
      response.writeHead(503).end('{}');
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    for (const [env, line] of [
      [{ CRM_URL: `http://127.0.0.1:${port}` }, importFile],
      [{ APP_PORT: String(port) }, importFile],
      [{ APP_REST_PORT: String(port) }, 'scripts/status.ts --view mandates'],
      [{ CUSTOMER_VIEW_PORT: String(port) }, 'scripts/status.ts --view greetings'],
    ] as const) {
      requests.length = 0;
      expect((await run(line, env)).code).toBe(1);
      expect(requests, JSON.stringify(env)).not.toEqual([]);
    }
    server.close();
  });
});

describe('processes on one data folder', () => {
  it('share it: npm start, an IoT platform, an import without a CRM and a backup; a restore waits for their end', async () => {
    const platform = await startPlatform({ DATA_DIR });
    const iotPlatform = startProcess('iot-platform/main.ts', { DATA_DIR });
    started.push(platform, iotPlatform);
    const [url] = await waitForOutput(iotPlatform, /"url":"(http[^"]+)"/);
    const database = { CRM_DATABASE_URL: `sqlite:${DATA_DIR}/crm.sqlite` };
    expect((await run('crm/cli/import.ts data/customer-database.csv --direct', database)).code).toBe(0);
    await patchMandate(platform.crm, '2');
    for (const view of [String(url), platform.iotPlatform])
      await eventually(async () => expect(await fetchMandate({ url: view }, '7733')).toBe('2'));
    const backup = `${DATA_DIR}-backup`;
    expect((await run(`scripts/backup.ts ${backup}`)).code).toBe(0);
    const restored = await run(`scripts/restore.ts ${backup}`);
    expect(restored).toMatchObject({ code: 1, output: expect.stringContaining('stop the platform first') });
    expect((await run('scripts/status.ts --view mandates')).output).toMatch(
      /Several instances of the IoT platform run/,
    );
  });
});

it('a CRM with other customers does not start on the data folder of npm start, nor the reverse', async () => {
  const platform = await startPlatform({ DATA_DIR });
  started.push(platform);
  for (const CRM_DATABASE_URL of ['memory', `sqlite:${DATA_DIR}/other.sqlite`]) {
    const other = startProcess('crm/main.ts', { DATA_DIR, CRM_DATABASE_URL });
    expect(await other.ended).toBe(1);
    expect(other.output()).toContain(
      `Process ${platform.pid} runs a CRM with other customers (sqlite:${DATA_DIR}/crm.sqlite)`,
    );
    expect(other.output()).toContain(`at ${platform.crm}. Use its CRM_DATABASE_URL, stop it, or set another DATA_DIR`);
  }
  const same = startProcess('crm/main.ts', { DATA_DIR, CRM_DATABASE_URL: `sqlite:${DATA_DIR}/crm.sqlite` });
  await waitForOutput(same, /CRM listens/);
  await Promise.all([same.end('SIGKILL'), platform.end('SIGKILL')]);
  const inMemory = startProcess('crm/main.ts', { DATA_DIR });
  started.push(inMemory);
  await waitForOutput(inMemory, /CRM listens/);
  const second = startProcess('scripts/start.ts', { DATA_DIR });
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`Process ${inMemory.pid} runs a CRM with other customers (memory)`);
});

const patchMandate = async (crm: string, connectionMandate: string) =>
  fetch(`${crm}/customers/7`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ connectionMandate }),
  });
