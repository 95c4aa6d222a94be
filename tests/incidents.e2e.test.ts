import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createChangeRecord } from './chaos/change-record.ts';
import { createCustomer, replaceCustomer } from './chaos/change-stream.ts';
import { createDeployment, type Deployment, type PlatformInstance, startAndWait } from './chaos/deployment.ts';
import { readEverythingAgain, rebuildView, reportsMissingEvents, waitUntilAllCommitted } from './chaos/repair.ts';
import { customer, requireAgreement } from './chaos/scenarios.ts';
import { copyStore, markRedisPosition } from './chaos/store-copies.ts';
import { fetchMandate, getJson } from './http.ts';
import { clearRedis } from './stack/fresh.ts';
import { isStackReady } from './stack/stack.ts';

const patience = { timeout: 20_000, interval: 50 };

describe.runIf(await isStackReady())('a store that lost events', () => {
  const record = createChangeRecord();
  let deployment: Deployment;
  let onRedis: PlatformInstance;
  let onMariaDb: PlatformInstance;
  let id: string;

  beforeAll(async () => {
    deployment = await createDeployment();
    [onRedis, , onMariaDb] = deployment.instances as [PlatformInstance, PlatformInstance, PlatformInstance];
    await Promise.all([deployment.crm, onRedis, onMariaDb].map(startAndWait));
    // Some in each partition, one that will change.
    for (let n = 0; n < 12; n++) await createCustomer(deployment.crm.url, customer(`${7000 + n}`, '1'), record);
    id = await createCustomer(deployment.crm.url, customer('7733', '1'), record);
    await agree(onRedis, onMariaDb);
  }, 180_000);
  afterAll(async () => deployment.stop());

  const agree = async (...instances: PlatformInstance[]) => {
    await requireAgreement(deployment, instances, record);
    await Promise.all(instances.map(waitUntilAllCommitted));
  };
  const change = (connectionMandate: '0' | '2') =>
    replaceCustomer(deployment.crm.url, id, customer('7733', connectionMandate), record);
  /** Said in all places, and nobody is told what is out of date. */
  const isSaid = async (instance: PlatformInstance) => {
    expect(await reportsMissingEvents(instance)).toBe(true);
    await vi.waitFor(async () => expect(await fetchMandate(instance, '7733')).toBe(503), patience);
    expect(await fetchMandate(instance, '7000')).toBe(503);
    expect(await fetchMandate(instance, '1')).toBe(503);
    expect((await getJson(`${instance.url}/status`)).body.view).toMatchObject({
      state: 'incomplete',
      warning: expect.stringContaining('npm run rebuild'),
    });
  };

  it('because Redis lost its last second: noticed without a further event, said, mended by npm run rebuild', async () => {
    const lastSecond = markRedisPosition();
    await change('2');
    await agree(onRedis);
    await lastSecond.restore();
    await isSaid(onRedis);
    await rebuildView(onRedis, deployment.crm.url);
    await agree(onRedis);
  });

  it('because MariaDB was put back to a dump: noticed without a further event, said, mended by npm run rebuild', async () => {
    const dump = await copyStore(onMariaDb.view);
    await change('0');
    await agree(onMariaDb);
    await dump.restore();
    await isSaid(onMariaDb);
    await rebuildView(onMariaDb, deployment.crm.url);
    await agree(onMariaDb);
  });

  it('because another, empty one took its place: unknown and not ready at first, incomplete from the next event on', async () => {
    await clearRedis();
    await vi.waitFor(async () => expect(await fetchMandate(onRedis, '7733')).toBe(404), patience);
    const warning = expect.stringContaining('never filled, and the consumer group has read');
    await vi.waitFor(
      async () => expect((await getJson(`${onRedis.url}/readyz`)).body).toMatchObject({ checks: { view: warning } }),
      patience,
    );
    expect((await getJson(`${onRedis.url}/status`)).body.view).toMatchObject({ state: 'empty', warning });
    await change('2');
    await isSaid(onRedis);
    await readEverythingAgain(onRedis);
    await agree(onRedis);
  });
});
