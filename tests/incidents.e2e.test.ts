import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChangeRecord } from './chaos/change-record.ts';
import { createCustomer, replaceCustomer } from './chaos/change-stream.ts';
import { createDeployment, type Deployment, type PlatformInstance, startAndWait } from './chaos/deployment.ts';
import { readEverythingAgain, rebuildView, reportsMissingEvents, waitUntilAllCommitted } from './chaos/repair.ts';
import { customer, requireAgreement } from './chaos/scenarios.ts';
import { copyStore, markRedisPosition } from './chaos/store-copies.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { clearRedis } from './stack/fresh.ts';
import { isStackReady } from './stack/stack.ts';

describe.runIf(await isStackReady())('a view whose store lost events', () => {
  const record = createChangeRecord();
  let deployment: Deployment;
  let onRedis: PlatformInstance;
  let onMariaDb: PlatformInstance;
  let id: string;

  beforeAll(async () => {
    deployment = await createDeployment();
    [onRedis, , onMariaDb] = deployment.instances as [PlatformInstance, PlatformInstance, PlatformInstance];
    await Promise.all([deployment.crm, onRedis, onMariaDb].map(startAndWait));
    // Some connections in each partition, and 7733, which the tests change.
    for (let n = 0; n < 12; n++) await createCustomer(deployment.crm.url, customer(`${7000 + n}`, '1'), record);
    id = await createCustomer(deployment.crm.url, customer('7733', '1'), record);
    await agree(onRedis, onMariaDb);
  });
  afterAll(async () => deployment.stop());

  const agree = async (...instances: PlatformInstance[]) => {
    await requireAgreement(deployment, instances, record);
    await Promise.all(instances.map(waitUntilAllCommitted));
  };
  const change = (connectionMandate: '0' | '2') =>
    replaceCustomer(deployment.crm.url, id, customer('7733', connectionMandate), record);
  /** /readyz and /status report the missing events, and all queries are refused. */
  const expectRefusal = async (instance: PlatformInstance) => {
    expect(await reportsMissingEvents(instance)).toBe(true);
    await eventually(async () => expect(await fetchMandate(instance, '7733')).toBe(503));
    expect(await fetchMandate(instance, '7000')).toBe(503);
    expect(await fetchMandate(instance, '1')).toBe(503);
    expect((await getJson(`${instance.url}/status`)).body.view).toMatchObject({
      state: 'incomplete',
      warning: expect.stringContaining('npm run rebuild'),
    });
  };

  it('refuses without a further event after Redis lost its last second, and is repaired by npm run rebuild', async () => {
    const lastSecond = markRedisPosition();
    await change('2');
    await agree(onRedis);
    await lastSecond.restore();
    await expectRefusal(onRedis);
    await rebuildView(onRedis, deployment.crm.url);
    await agree(onRedis);
  });

  it('refuses without a further event after MariaDB was restored from a dump, and is repaired by npm run rebuild', async () => {
    const dump = await copyStore(onMariaDb.view);
    await change('0');
    await agree(onMariaDb);
    await dump.restore();
    await expectRefusal(onMariaDb);
    await rebuildView(onMariaDb, deployment.crm.url);
    await agree(onMariaDb);
  });

  it('is empty and not ready after the store was replaced by an empty one, and incomplete from the next event on', async () => {
    await clearRedis();
    await eventually(async () => expect(await fetchMandate(onRedis, '7733')).toBe(404));
    const warning = expect.stringContaining('never filled, and the consumer group has read');
    await eventually(async () =>
      expect((await getJson(`${onRedis.url}/readyz`)).body).toMatchObject({ checks: { view: warning } }),
    );
    expect((await getJson(`${onRedis.url}/status`)).body.view).toMatchObject({ state: 'empty', warning });
    await change('2');
    await expectRefusal(onRedis);
    await readEverythingAgain(onRedis);
    await agree(onRedis);
  });
});
