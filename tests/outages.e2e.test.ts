import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { expectViewToEqualCrm, sendChanges } from './changes.ts';
import { eventually } from './eventually.ts';
import { getJson, postJson } from './http.ts';
import { dataFolder } from './platform-process.ts';
import {
  createComponentsFolder,
  type Member,
  startCrmApp,
  startCrmMember,
  startIotApp,
  startIotMember,
  startSidecar,
} from './stack/dapr-lab.ts';
import { countRecords, resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady, startPart, stopPart } from './stack/stack.ts';

describe.runIf(await isStackReady())('outages on the real stack', () => {
  let resources: string;
  let crmEnv: Record<string, string>;
  let crm: Member;
  let iotPlatform: Member;

  beforeEach(async () => {
    await resetStack();
    // A new group, because the broker would wait for the killed members of the previous test's group.
    resources = createComponentsFolder((_, yaml) => yaml.replaceAll('iot-platform-consumer', randomUUID()));
    crmEnv = {
      CRM_DATABASE_URL: `sqlite:${join(dataFolder(), 'crm.sqlite')}`,
      CUSTOMERS_CSV: 'none',
      LOG_LEVEL: 'error',
    };
    [crm, iotPlatform] = await Promise.all([
      startCrmMember(resources, crmEnv),
      startIotMember(resources, { LOG_LEVEL: 'error' }),
    ]);
  });
  afterEach(async () => {
    await Promise.all([crm, iotPlatform].map((member) => member.end('SIGKILL')));
  });

  const expectNoDeadLetters = async () => expect(await countRecords(topics.connectionMandatesDeadLetters.name)).toBe(0);

  const restarts: Record<string, () => Promise<void>> = {
    'the CRM’s app': async () => {
      await crm.app.end('SIGKILL');
      crm = await startCrmApp(crm.sidecar, crmEnv);
    },
    'the IoT platform’s app': async () => {
      await iotPlatform.app.end('SIGKILL');
      iotPlatform = await startIotApp(iotPlatform.sidecar);
    },
    'the CRM’s sidecar': async () => {
      await crm.sidecar.end('SIGKILL');
      crm = await withNewSidecar(crm);
    },
    'the IoT platform’s sidecar': async () => {
      await iotPlatform.sidecar.end('SIGKILL');
      const { rest: _, app, ...sidecarPorts } = ports.iotPlatforms[0];
      iotPlatform = withSidecar(iotPlatform, await startSidecar('iot-platform', app, sidecarPorts, resources));
    },
    'both of the CRM': async () => {
      await crm.end('SIGKILL');
      crm = await startCrmMember(resources, crmEnv);
    },
    'both of the IoT platform': async () => {
      await iotPlatform.end('SIGKILL');
      iotPlatform = await startIotMember(resources);
    },
  };
  const withNewSidecar = async (member: Member) => {
    const { rest, ...sidecarPorts } = ports.crm;
    return withSidecar(member, await startSidecar('crm', rest, sidecarPorts, resources));
  };
  const withSidecar = (member: Member, sidecar: Member['sidecar']): Member => ({
    ...member,
    sidecar,
    end: async (signal) => void (await Promise.all([member.app.end(signal), sidecar.end(signal)])),
  });

  it('SIGKILL of apps, sidecars and both during 5,000 changes: the view equals the CRM, and nothing is dead-lettered', async () => {
    const changes = 5_000;
    const progress = { sent: 0 };
    const sending = sendChanges(() => crm.url, { customers: 100, changes, progress });
    const kills = Object.values(restarts);
    for (const [n, restart] of kills.entries()) {
      const reached = (changes / (kills.length + 1)) * (n + 1);
      await eventually(() => expect(progress.sent).toBeGreaterThanOrEqual(reached));
      await restart();
    }
    await expectViewToEqualCrm(crm.url, iotPlatform.url, await sending);
    await expectNoDeadLetters();
  });

  /** Real time: sidecars and clients give up on a connection by their own clocks, some of them after half a minute. */
  const minute = 60_000;
  /** Stops the part, changes customers, runs `check`, and starts the part after a minute. @returns the acknowledged changes */
  const changeDuringOutage = async (part: 'kafka' | 'redis', check: () => Promise<void>) => {
    await stopPart(part);
    const stopped = performance.now();
    const acknowledged = await sendChanges(() => crm.url, { customers: 50, changes: 500 });
    await check();
    await delay(Math.max(0, minute - (performance.now() - stopped)));
    await startPart(part);
    return acknowledged;
  };

  it('broker down for a minute: the CRM answers, and afterwards the view equals the CRM', async () => {
    const acknowledged = await changeDuringOutage('kafka', async () => {
      expect((await getJson(`${crm.url}/status`)).body).toMatchObject({
        outbox: { waiting: expect.any(Number), since: expect.any(String) },
      });
      await eventually(
        async () => expect((await getJson(`${crm.url}/readyz`)).body).toMatchObject({ status: 'not ready' }),
        // Before the outage ends.
        { timeout: 10_000 },
      );
    });
    await expectViewToEqualCrm(crm.url, iotPlatform.url, acknowledged);
    await expectNoDeadLetters();
  });

  it('store down for a minute: queries answer 503, nothing is dead-lettered, and the view catches up', async () => {
    const before = await sendChanges(() => crm.url, { customers: 50, changes: 100 });
    await expectViewToEqualCrm(crm.url, iotPlatform.url, before);
    const acknowledged = await changeDuringOutage('redis', async () => {
      for (const id of ['1001', '9999'])
        expect((await getJson(`${iotPlatform.url}/?connectionId=${id}`)).status).toBe(503);
    });
    await expectViewToEqualCrm(crm.url, iotPlatform.url, acknowledged);
    await expectNoDeadLetters();
  });

  it('a CRM that starts while Kafka is down answers at once, and publishes when Kafka and the sidecar are back', async () => {
    await crm.end('SIGKILL');
    await stopPart('kafka');
    crm = await startCrmMember(resources, crmEnv);
    // A sidecar ends when it finds no broker at its start, so the test starts it again.
    expect(await crm.sidecar.ended).not.toBe(0);
    const body = { firstName: 'A', lastName: 'B', city: 'C', connectionId: '1', connectionMandate: '2' };
    expect((await postJson(`${crm.url}/customers`, body)).status).toBe(201);
    await startPart('kafka');
    crm = await withNewSidecar(crm);
    await expectViewToEqualCrm(crm.url, iotPlatform.url, new Map([['1', '2']]));
  });
});
