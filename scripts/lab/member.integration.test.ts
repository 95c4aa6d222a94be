import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { createMember, type Member } from './member.ts';
import type { MemberPlan } from './settings.ts';

const tokens = { APP_API_TOKEN: 'to the app', DAPR_API_TOKEN: 'to the sidecar' };

let member: Member;
afterEach(async () => void (await member.stop()));

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A member of two programs that write a file when they run; the service takes SIGTERM as `onTerm` says. */
const create = (onTerm: string, stopsWithinMs?: number) => {
  const folder = dataFolder();
  const ready = join(folder, 'ready');
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o700);
    return join(folder, name);
  };
  const main = file(
    'service.ts',
    `import { writeFileSync } from 'node:fs';
    process.on('SIGTERM', () => { ${onTerm} });
    setInterval(() => {}, 1000);
    writeFileSync(${JSON.stringify(ready)}, '');`,
  );
  const daprd = file('daprd', '#!/bin/sh\nexec sleep 600\n');
  const plan: MemberPlan = {
    id: 'crm',
    main,
    url: 'http://localhost:0',
    appPort: 0,
    ports: { dapr: 0, grpc: 0, internal: 0 },
    environment: (overrides) => ({ ...overrides }),
  };
  const ends = vi.fn();
  member = createMember(plan, {
    daprd,
    resources: folder,
    tokens,
    onServiceEnd: ends,
    ...(stopsWithinMs !== undefined && { stopsWithinMs }),
  });
  const takesSignals = () => vi.waitFor(() => expect(existsSync(ready)).toBe(true), { timeout: 30_000 });
  return { ends, takesSignals };
};

const runningPids = async () => {
  const { service, sidecar } = member.pids();
  expect([service, sidecar]).toEqual([expect.any(Number), expect.any(Number)]);
  return [service, sidecar] as [number, number];
};

it('is stopped when service and sidecar have ended, and is started again', async () => {
  const { ends } = create('process.exit(0)');
  expect(member.isStopped()).toBe(true);
  member.start({});
  const pids = await runningPids();
  expect(await member.stop()).toBe(false);
  expect(pids.map(isAlive)).toEqual([false, false]);
  expect(member.pids()).toEqual({ service: undefined, sidecar: undefined });
  member.start({});
  await runningPids();
  expect(ends).not.toHaveBeenCalled();
});

it('is killed when it does not end by itself', async () => {
  const { takesSignals } = create('', 100);
  member.start({});
  const pids = await runningPids();
  // Before its handler is there, SIGTERM ends it.
  await takesSignals();
  expect(await member.stop()).toBe(true);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

it('starts a sidecar again that ends, and reports a service that does', async () => {
  const { ends } = create('process.exit(0)');
  member.start({});
  const [service, sidecar] = await runningPids();
  process.kill(sidecar, 'SIGKILL');
  await vi.waitFor(() => expect(member.pids().sidecar).not.toBe(sidecar), { timeout: 20_000 });
  await vi.waitFor(() => expect(member.pids().sidecar).toEqual(expect.any(Number)), { timeout: 20_000 });
  expect(ends).not.toHaveBeenCalled();
  process.kill(service, 'SIGKILL');
  await vi.waitFor(() => expect(ends).toHaveBeenCalledOnce(), { timeout: 20_000 });
});

it('keeps what a start changed for later starts', async () => {
  create('process.exit(0)');
  member.start({ STATESTORE_NAME: 'other' });
  await member.stop();
  member.start({ CONSUMER_GROUP: 'mine' });
  expect(member.environment()).toEqual({ STATESTORE_NAME: 'other', CONSUMER_GROUP: 'mine' });
});

it('gives the service and its sidecar both tokens', async () => {
  create('process.exit(0)');
  member.start({});
  const said = Object.entries(tokens).map(([name, value]) => `${name}=${value}`);
  for (const pid of await runningPids())
    await vi.waitFor(() => {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      expect(environment).toEqual(expect.arrayContaining(said));
    }, 10_000);
});
