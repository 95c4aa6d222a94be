import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { createComponentsFolder, type Member, startIotMember } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const url = `redis://127.0.0.1:${ports.redis}`;

describe.runIf(await isStackReady())('an IoT platform with REDIS_URL', () => {
  const admin = createClient({ url });
  let iotPlatform: Member;
  beforeAll(async () => {
    await resetStack();
    await admin.connect();
    iotPlatform = await startIotMember(createComponentsFolder(), { REDIS_URL: url });
  });
  afterAll(async () => {
    await admin.configSet('maxmemory-policy', 'noeviction');
    admin.destroy();
    await iotPlatform?.end('SIGTERM');
  });

  const waitForReadiness = (status: number, checks: object) =>
    eventually(async () =>
      expect(await getJson(`${iotPlatform.url}/readyz`)).toMatchObject({ status, body: { checks } }),
    );

  it('is not ready while Redis may evict keys, and names the command that forbids it', async () => {
    await waitForReadiness(200, { redis: 'ok' });
    await admin.configSet('maxmemory-policy', 'allkeys-lru');
    await waitForReadiness(503, { redis: expect.stringContaining('has maxmemory-policy allkeys-lru') });
    await waitForReadiness(503, {
      redis: expect.stringContaining(`redis-cli -h 127.0.0.1 -p ${ports.redis} CONFIG SET maxmemory-policy noeviction`),
    });
    await admin.configSet('maxmemory-policy', 'noeviction');
    await waitForReadiness(200, { redis: 'ok' });
  });

  it('queries Redis over one connection, and reconnects when it was lost', async () => {
    const connections = async () => (await admin.clientList()).filter(({ cmd }) => cmd === 'info').map(({ id }) => id);
    await waitForReadiness(200, { redis: 'ok' });
    const first = await connections();
    expect(first).toHaveLength(1);
    await waitForReadiness(200, { redis: 'ok' });
    expect(await connections()).toEqual(first);
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(first[0])]);
    await waitForReadiness(200, { redis: 'ok' });
    expect(await connections()).not.toEqual(first);
  });
});

describe.runIf(await isStackReady())('an IoT platform without REDIS_URL', () => {
  it('does not check Redis', async () => {
    const member = await startIotMember(createComponentsFolder());
    const { body } = await getJson(`${member.url}/readyz`);
    expect(Object.keys(body.checks as object)).not.toContain('redis');
    await member.end('SIGTERM');
  });
});
