import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { createMember, type Member } from './member.ts';
import type { MemberPlan } from './settings.ts';

const tokens = { APP_API_TOKEN: 'app token', DAPR_API_TOKEN: 'sidecar token', OPERATOR_TOKEN: 'operator' };

let member: Member;
afterEach(async () => void (await member.stop()));

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Creates a member of two small programs. The service writes a file when it is ready, and runs `onTerm` on SIGTERM. */
const create = (onTerm: string, stopTimeoutMs?: number, sidecar = 'exec sleep 600') => {
  const folder = dataFolder();
  const ready = join(folder, 'ready');
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o700);
    return join(folder, name);
  };
  const main = file(
    'service.ts',
    `import { execFileSync } from 'node:child_process';
    import { appendFileSync, writeFileSync } from 'node:fs';
    process.on('SIGTERM', () => { ${onTerm} });
    setInterval(() => {}, 1000);
    writeFileSync(${JSON.stringify(ready)}, '');`,
  );
  const daprd = file('daprd', `#!/bin/sh\n${sidecar}\n`);
  const plan: MemberPlan = {
    id: 'crm',
    name: 'CRM',
    command: [process.execPath, '--import', 'tsx', main],
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
    ...(stopTimeoutMs !== undefined && { stopTimeoutMs }),
  });
  const waitUntilReady = () => eventually(() => expect(existsSync(ready)).toBe(true));
  return { ends, waitUntilReady };
};

const runningPids = async () => {
  const { service, sidecar } = member.pids();
  expect([service, sidecar]).toEqual([expect.any(Number), expect.any(Number)]);
  return [service, sidecar] as [number, number];
};

it('stops the sidecar after the service, which may still publish through it', async () => {
  const order = join(dataFolder(), 'order');
  const onEnd = (name: string) => `echo ${name} >> ${order}`;
  const trap = `trap '${onEnd('sidecar')}; exit' TERM; while :; do sleep 0.05; done`;
  // The service takes a moment to close, as one that publishes what waits.
  const close = `execFileSync('sleep', ['0.3']); appendFileSync(${JSON.stringify(order)}, 'service\\n'); process.exit(0);`;
  const { waitUntilReady } = create(close, undefined, trap);
  member.start({});
  await waitUntilReady();
  await member.stop();
  expect(readFileSync(order, 'utf8')).toBe('service\nsidecar\n');
});

it('stops when service and sidecar have ended, and can be started again', async () => {
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

it('is killed when it ignores SIGTERM', async () => {
  const { waitUntilReady } = create('', 100);
  member.start({});
  const pids = await runningPids();
  // SIGTERM would end the service before it has its handler.
  await waitUntilReady();
  expect(await member.stop()).toBe(true);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

it('restarts a sidecar that ends, and reports a service that ends', async () => {
  const { ends } = create('process.exit(0)');
  member.start({});
  const [service, sidecar] = await runningPids();
  process.kill(sidecar, 'SIGKILL');
  await eventually(() => expect(member.pids().sidecar).not.toBe(sidecar));
  await eventually(() => expect(member.pids().sidecar).toEqual(expect.any(Number)));
  expect(ends).not.toHaveBeenCalled();
  process.kill(service, 'SIGKILL');
  await eventually(() => expect(ends).toHaveBeenCalledOnce());
});

it('keeps the overrides of a start for later starts', async () => {
  create('process.exit(0)');
  member.start({ STATESTORE_NAME: 'other' });
  await member.stop();
  member.start({ CONSUMER_GROUP: 'mine' });
  expect(member.environment()).toEqual({ STATESTORE_NAME: 'other', CONSUMER_GROUP: 'mine' });
});

it('passes both tokens to the service and to its sidecar', async () => {
  create('process.exit(0)');
  member.start({});
  const expected = Object.entries(tokens).map(([name, value]) => `${name}=${value}`);
  for (const pid of await runningPids())
    await eventually(() => {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      expect(environment).toEqual(expect.arrayContaining(expected));
    });
});
