import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectOrderInHistory } from './order-history.ts';
import {
  dataFolder,
  type RunningProcess,
  root,
  startProcess,
  startProgram,
  waitForOutput,
} from './platform-process.ts';
import { createComponentsFolder } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const tokenFile = join(root, '.data', `lab-${ports.lab}.token`);
const { crm, iotPlatforms } = ports;
const [iotPlatform] = iotPlatforms;
const [customerView] = ports.customerViews;
const sidecars = [crm.dapr, iotPlatform.dapr, customerView.dapr];

let lab: RunningProcess;

/** Runs a line as in a second terminal that has exported LAB_PORTS only. */
const type = async (line: string, env: Record<string, string> = {}) => {
  const command = startProgram('bash', ['-c', line], { LAB_PORTS: String(ports.lab), DATA_DIR: '', ...env });
  return { code: await command.ended, output: command.output() };
};
const callSidecar = async (port: number, path: string, token?: string, body?: string) => {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { 'dapr-api-token': token }) };
  const request = { headers, ...(body !== undefined && { method: 'POST', body }) };
  return (await fetch(`http://127.0.0.1:${port}/v1.0${path}`, request)).status;
};

/** The TCP addresses on which a process listens, in hexadecimal and in the kernel's byte order. */
const findListenAddresses = (pid: number): string[] => {
  const descriptors = readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      return []; // the descriptor was closed meanwhile
    }
  });
  const sockets = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1),
  );
  return sockets.flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === '0A' && descriptors.includes(`socket:[${inode}]`) ? [String(local)] : [];
  });
};

describe.runIf(await isStackReady())('the sidecars of npm run lab', () => {
  beforeAll(async () => {
    await resetStack();
    const env = { LAB_PORTS: String(ports.lab), RESOURCES_PATH: createComponentsFolder() };
    lab = startProcess('scripts/lab.ts', {
      ...stackEnvironment,
      ...env,
      CRM_DATABASE_URL: `sqlite:${dataFolder()}/crm.sqlite`,
    });
    await waitForOutput(lab, /Ctrl-C stops/);
  });
  afterAll(async () => void (await lab?.end('SIGTERM')));

  const token = () => readFileSync(tokenFile, 'utf8').trim();

  it('refuse all calls without the token', async () => {
    const event = JSON.stringify({ connectionId: '7733', connectionMandate: '2' });
    for (const port of sidecars)
      for (const wrong of [undefined, '', 'wrong']) {
        expect(await callSidecar(port, '/metadata', wrong)).toBe(401);
        expect(await callSidecar(port, '/publish/pubsub/connection-mandates-topic', wrong, event)).toBe(401);
        expect(await callSidecar(port, '/state/statestore', wrong, '[]')).toBe(401);
      }
    for (const port of sidecars) expect(await callSidecar(port, '/metadata', token())).toBe(200);
  });

  it('have their token in a file that only this user can read, as the lab prints', async () => {
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect(token()).toMatch(/^[0-9a-f]{32}$/);
    const [line] = (await waitForOutput(lab, /curl -H "dapr-api-token: .*/)) as unknown as [string];
    const { code, output } = await type(line.replace('curl', 'curl -s'));
    expect([code, JSON.parse(output).id]).toEqual([0, 'iot-platform']);
  });

  it('carry the events of the CRM to the customer-view', () =>
    expectOrderInHistory(`http://localhost:${crm.rest}`, `http://localhost:${customerView.rest}`));

  it('listen on loopback only, as do the services', async () => {
    const { output } = await type('npm run -s lab -- status');
    const pids = [...output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(6);
    for (const pid of pids) {
      expect(findListenAddresses(pid)).not.toEqual([]);
      // 127.0.0.1
      for (const address of findListenAddresses(pid)) expect(address).toMatch(/^0100007F:|^0{16}FFFF00000100007F:/);
    }
  });

  it.each([
    'npm run -s explain -- 7733',
    'npm run -s dead-letters -- list',
    'npm run -s status',
    'npm run -s consumer-group -- describe',
    'npm run -s consumer-group -- describe --topic greetings-topic',
    'npm run -s dead-letters -- list --view greetings',
    'npm run -s rebuild',
    'npm run -s rebuild -- --view greetings',
    'npm run -s lab -- stop iot-platform && npm run -s lab -- start iot-platform',
    'npm run -s lab -- stop customer-view && npm run -s lab -- start customer-view',
  ])('accept commands of a second terminal that has exported no token: %s', async (line) =>
    expect(await type(line)).toMatchObject({ code: 0 }));

  it('refuse a terminal with another token, which prints what to set', async () => {
    const { code, output } = await type('npm run -s rebuild', { DAPR_API_TOKEN: 'wrong' });
    expect(code).toBe(1);
    expect(output).toMatch(/^The sidecar on port \d+ refuses the API token: set DAPR_API_TOKEN to .*\n$/);
  });

  it('have no token file any more after the lab was stopped', async () => {
    expect(existsSync(tokenFile)).toBe(true);
    expect(await lab.end('SIGTERM')).toBe(0);
    expect(existsSync(tokenFile)).toBe(false);
  });
});
