import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startProgram } from '../../tests/platform-process.ts';
import { askLab, type LabReply, type LabRequest, NoLabRuns, serveLab } from './control-socket.ts';

let folder: string;
let path: string;
const servers: Server[] = [];
beforeEach(() => {
  // Not in the system's folder for temporary files: a longer path of a socket is cut off at about 100 characters.
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

it('answers a request of another terminal of this user alone', async () => {
  await serve(async (request) => ({ text: JSON.stringify(request) }));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const request = { command: 'start', member: 'crm', overrides: { STATESTORE_NAME: 'other' } } as const;
  expect(JSON.parse((await askLab(path, request)).text)).toEqual(request);
});

it('reports what the lab refuses', async () => {
  await serve(async () => {
    throw new Error('crm runs already');
  });
  await expect(askLab(path, { command: 'status' })).rejects.toThrow('crm runs already');
});

it('reports a lab that ends before it answers', async () => {
  // As a process that exits: the connection ends without an answer.
  await serve(async () => new Promise(() => {}));
  servers[0]?.on('connection', (socket) => socket.once('data', () => socket.destroy()));
  await expect(askLab(path, { command: 'status' })).rejects.toThrow('The lab ended before it answered');
});

it('says that no lab runs, with and without a socket that a killed one left', async () => {
  await expect(askLab(path, { command: 'status' })).rejects.toThrow(NoLabRuns);
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
  await expect(askLab(path, { command: 'status' })).rejects.toThrow(NoLabRuns);
  await serve(async () => ({ text: 'after the killed one' }));
  expect((await askLab(path, { command: 'status' })).text).toBe('after the killed one');
});

it('serves no second lab on the socket of the first', async () => {
  await serve(async () => ({ text: 'first' }));
  await expect(serveLab(path, async () => ({ text: 'second' }))).rejects.toThrow('A lab runs already');
  expect((await askLab(path, { command: 'status' })).text).toBe('first');
});

const lab = async (args: string[], env: Record<string, string> = {}) => {
  // A lab of these ports never runs.
  const started = startProgram(process.execPath, ['--import', 'tsx', 'scripts/lab.ts', ...args], {
    LAB_PORTS: '63999',
    ...env,
  });
  return { code: await started.ended, output: started.output() };
};

it.each([
  [['status'], 'No lab runs: nothing answers on .data/lab-63999.sock. Start one: LAB_PORTS=63999 npm run lab'],
  [['stop', 'iot-platform'], 'No lab runs'],
  [['stop'], 'Which member? npm run lab -- stop crm, or npm run lab -- stop iot-platform.'],
  [['restart', 'crm'], 'There is no command restart: start, stop or status (npm run lab -- --help).'],
  [['--fast'], "Unknown option '--fast'"],
])('npm run lab -- %s, without a lab, ends with 1 and says what to do', async (args, message) => {
  expect(await lab(args)).toMatchObject({ code: 1, output: expect.stringContaining(message) });
});

it('npm run lab takes ports that can be used', async () =>
  expect(await lab([], { LAB_PORTS: 'here' })).toMatchObject({
    code: 1,
    output: expect.stringContaining('LAB_PORTS=here'),
  }));

it('npm run lab -- --help names every command', async () => {
  const { code, output } = await lab(['--help']);
  expect(code).toBe(0);
  for (const text of ['lab -- status', 'lab -- stop crm|iot-platform', 'lab -- start crm|iot-platform', 'LAB_PORTS'])
    expect(output).toContain(text);
});
