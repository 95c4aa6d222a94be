import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSidecarArguments } from '../../scripts/sidecar-arguments.ts';
import { eventually } from '../../tests/eventually.ts';
import { pauseProcess } from '../../tests/pause-process.ts';
import { type RunningProcess, startProgram } from '../../tests/platform-process.ts';
import { createComponentsFolder } from '../../tests/stack/dapr-lab.ts';
import { withRedis } from '../../tests/stack/fresh.ts';
import { ports } from '../../tests/stack/ports.ts';
import { ensureDaprd, isStackReady, startPart, stopPart } from '../../tests/stack/stack.ts';
import { readMysqlText } from '../../tests/stack/stored-values.ts';
import { StateConflict, type StateStore, type Upsert } from '../projections/state-store.ts';
import { connectSidecar, type Sidecar } from './sidecar.ts';
import { createDaprStateStore } from './state-store.ts';

const sidecarPorts = { dapr: ports.free + 80, grpc: ports.free + 81, internal: ports.free + 82 };
const timeoutMs = 2_000;

describe.runIf(await isStackReady())('a state store over gRPC', () => {
  let resources: string;
  let daprd: RunningProcess;
  let sidecar: Sidecar;
  let store: StateStore;

  /** `limit` is the max-body-size; without it the sidecar uses its default, 4 MiB. */
  const startSidecar = async (limit: '64Mi' | undefined = '64Mi') => {
    const args = createSidecarArguments('iot-platform', 0, sidecarPorts, resources).filter(
      (argument) => limit !== undefined || !argument.startsWith('--max-body-size'),
    );
    daprd = startProgram(await ensureDaprd(), args, {});
    await sidecar.untilReady(AbortSignal.timeout(30_000));
  };
  const open = (name: string) => createDaprStateStore(sidecar, name, randomUUID);
  const newKeys = (many: number) => {
    const own = randomUUID();
    return Array.from({ length: many }, (_, n) => `${own}-${n}`);
  };
  const reads = (keys: string[]) =>
    store.getMany(keys).then((values) => [...values.values()].map(({ value }) => value));

  beforeEach(async () => {
    resources = createComponentsFolder();
    sidecar = connectSidecar({ port: sidecarPorts.dapr, grpcPort: sidecarPorts.grpc, timeoutMs });
    store = open('statestore');
    await startSidecar();
  });
  afterEach(async () => {
    sidecar.close();
    await daprd.end('SIGKILL');
  });

  it('fails while its sidecar is killed, and works with the next sidecar', async () => {
    const [key = ''] = newKeys(1);
    await store.transact([{ key, value: 1 }]);
    await daprd.end('SIGKILL');
    const unreachable = { name: 'SidecarUnreachable' };
    await expect(store.getMany([key])).rejects.toMatchObject(unreachable);
    await expect(store.transact([{ key, value: 2, etag: '1' }])).rejects.toMatchObject(unreachable);
    await startSidecar();
    expect(await reads([key])).toEqual([1]);
    await store.transact([{ key, value: 2, etag: '1' }]);
    expect(await reads([key])).toEqual([2]);
  });

  it('fails while its sidecar is paused, and a late write never replaces a newer value', async () => {
    const [key = ''] = newKeys(1);
    await store.transact([{ key, value: 1 }]);
    await pauseProcess(daprd.pid);
    const late = store.transact([{ key, value: 'late', etag: '1' }]);
    await expect(late).rejects.toThrow('no answer within 2 s');
    await expect(store.getMany([key])).rejects.toThrow('no answer within 2 s');
    process.kill(daprd.pid, 'SIGCONT');
    const write = async () => {
      const etag = (await store.getMany([key])).get(key)?.etag;
      await store.transact([{ key, value: 'newer', etag }]);
    };
    await eventually(write);
    await expect(store.transact([{ key, value: 'stale', etag: '1' }])).rejects.toThrow(StateConflict);
    expect(await reads([key])).toEqual(['newer']);
  });

  it('fails while Redis is down, instead of reporting keys as absent', async () => {
    const [key = ''] = newKeys(1);
    await store.transact([{ key, value: 1 }]);
    await stopPart('redis');
    try {
      await expect(store.getMany([key])).rejects.toThrow('does not answer');
      await expect(store.transact([{ key, value: 2, etag: '1' }])).rejects.toThrow();
    } finally {
      await startPart('redis');
    }
    await eventually(async () => {
      const etag = (await store.getMany([key])).get(key)?.etag;
      await store.transact([{ key, value: 3, etag }]);
    });
    expect(await reads([key])).toEqual([3]);
  });

  it('writes and reads more than a sidecar with default settings accepts in one call', async () => {
    await daprd.end('SIGKILL');
    await startSidecar(undefined);
    const keys = newKeys(2_001);
    const text = 'x'.repeat(4_000);
    await store.transact(keys.map((key): Upsert => ({ key, value: { key, text } })));
    const values = await store.getMany(keys);
    expect(keys.every((key) => (values.get(key)?.value as { key: string }).key === key)).toBe(true);
    // Such a value can only be written by a sidecar with a higher limit.
    const large = JSON.stringify('x'.repeat(5 * 1024 * 1024));
    await withRedis((client) => client.hSet(`iot-platform||${keys[0]}`, { data: large, version: '7' }));
    expect((await store.getMany(keys)).get(keys[0] as string)).toEqual({ value: JSON.parse(large), etag: '7' });
  });

  it('stores no base64 in MySQL when the sidecar swaps Redis for it', async () => {
    const attempted = newKeys(1);
    await store.transact(attempted.map((key) => ({ key, value: { n: 1 } })));
    const yaml = readFileSync(join(resources, 'durable-statestore.yaml'), 'utf8');
    writeFileSync(join(resources, 'statestore.yaml'), yaml.replace('name: durable-', 'name: '));
    const readText = (key: string) => readMysqlText(`iot-platform||${key}`);
    const writeToMysql = async () => {
      const [key = ''] = newKeys(1);
      attempted.push(key);
      await store.transact([{ key, value: { n: 1 } }]);
      expect(await readText(key)).toBeDefined();
    };
    await eventually(writeToMysql, { interval: 1 });
    const texts = await Promise.all(attempted.map(readText));
    for (const text of texts) expect(text && JSON.parse(text)).toEqual(text && { n: 1 });
  });
});
