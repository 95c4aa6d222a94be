import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { programWords, startProgram } from '../../tests/platform-process.ts';
import { LabNotRunning, type LabReply, type LabRequest, requestLab, serveLab } from './control-socket.ts';

let folder: string;
let path: string;
const servers: Server[] = [];
beforeEach(() => {
  // The path of a Unix socket is truncated at about 100 characters, so it is not in the system's temporary folder.
  mkdirSync('.data', { recursive: true });
  folder = mkdtempSync('.data/lab-test-');
  path = join(folder, 'new', 'lab.sock');
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});
const serve = async (handle: (request: LabRequest) => Promise<LabReply>) => {
  servers.push(await serveLab(path, handle));
};

it('answers a request, on a socket that only this user may open', async () => {
  await serve(async (request) => ({ text: JSON.stringify(request) }));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const request = { command: 'start', member: 'crm', overrides: { STATESTORE_NAME: 'other' } } as const;
  expect(JSON.parse((await requestLab(path, request)).text)).toEqual(request);
});

it('passes on the message when the lab refuses a request', async () => {
  await serve(async () => {
    throw new Error('crm runs already');
  });
  await expect(requestLab(path, { command: 'status' })).rejects.toThrow('crm runs already');
});

it('reports that the lab ended before it answered', async () => {
  // A process that exits closes the connection without an answer.
  await serve(async () => new Promise(() => {}));
  servers[0]?.on('connection', (socket) => socket.once('data', () => socket.destroy()));
  await expect(requestLab(path, { command: 'status' })).rejects.toThrow('The lab ended before it answered');
});

it('reports that no lab runs, with and without the socket of a killed lab', async () => {
  await expect(requestLab(path, { command: 'status' })).rejects.toThrow(LabNotRunning);
  const killed = startProgram(
    process.execPath,
    [
      '-e',
      `const n = require('net'); n.createServer().listen('${folder}/left.sock', () => process.kill(process.pid, 'SIGKILL'))`,
    ],
    {},
  );
  await killed.ended;
  path = join(folder, 'left.sock');
  expect(statSync(path).isSocket()).toBe(true);
  await expect(requestLab(path, { command: 'status' })).rejects.toThrow(LabNotRunning);
  await serve(async () => ({ text: 'after the killed one' }));
  expect((await requestLab(path, { command: 'status' })).text).toBe('after the killed one');
});

it('refuses a second lab on the same socket', async () => {
  await serve(async () => ({ text: 'first' }));
  await expect(serveLab(path, async () => ({ text: 'second' }))).rejects.toThrow('A lab runs already');
  expect((await requestLab(path, { command: 'status' })).text).toBe('first');
});

const lab = async (args: string[], env: Record<string, string> = {}) => {
  // No lab runs on these ports.
  const started = startProgram(process.execPath, [...programWords('scripts/lab.ts'), ...args], {
    LAB_PORTS: '63999',
    ...env,
  });
  return { code: await started.ended, output: started.output() };
};

it.each([
  [['status'], 'No lab runs: nothing answers on .data/lab-63999.sock. Start one: LAB_PORTS=63999 npm run lab'],
  [['stop', 'iot-platform'], 'No lab runs'],
  [['stop'], 'Name one member, crm, iot-platform, customer-view: npm run lab -- stop iot-platform.'],
  [['restart', 'crm'], 'There is no command restart. The commands are start, stop and status (npm run lab -- --help).'],
  [['--fast'], 'There is no option --fast'],
])('npm run lab -- %s ends with exit code 1 and the remedy when no lab runs', async (args, message) => {
  expect(await lab(args)).toMatchObject({ code: 1, output: expect.stringContaining(message) });
});

it('npm run lab refuses an invalid LAB_PORTS', async () =>
  expect(await lab([], { LAB_PORTS: 'here' })).toMatchObject({
    code: 1,
    output: expect.stringContaining('LAB_PORTS=here'),
  }));

it('npm run lab -- --help names every command', async () => {
  const { code, output } = await lab(['--help']);
  expect(code).toBe(0);
  for (const text of ['[status | stop MEMBER | start MEMBER]', 'crm, iot-platform or customer-view', 'LAB_PORTS'])
    expect(output).toContain(text);
});
