import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { emptyRecord } from './chaos/change-record.ts';
import { createCustomer, replaceCustomer } from './chaos/change-stream.ts';
import { type Fleet, type FleetMember, freshFleet, start } from './chaos/deployment.ts';
import { allAcknowledged, readEverythingAgain, rebuildView, saysThatEventsAreMissing } from './chaos/repair.ts';
import { customer, mustAgree } from './chaos/scenarios.ts';
import { copyStore, loseWhatRedisWritesNow } from './chaos/store-copies.ts';
import { getJson, mandateOf } from './http.ts';
import { clearRedis } from './stack/fresh.ts';
import { stackReady } from './stack/stack.ts';

const patience = { timeout: 20_000, interval: 50 };

describe.runIf(await stackReady())('a store that lost events', () => {
  const record = emptyRecord();
  let fleet: Fleet;
  let onRedis: FleetMember;
  let onMariaDb: FleetMember;
  let id: string;

  beforeAll(async () => {
    fleet = await freshFleet();
    [onRedis, , onMariaDb] = fleet.members as [FleetMember, FleetMember, FleetMember];
    await Promise.all([fleet.crm, onRedis, onMariaDb].map(start));
    // Some in each partition, one that will change.
    for (let n = 0; n < 12; n++) await createCustomer(fleet.crm.url, customer(`${7000 + n}`, '1'), record);
    id = await createCustomer(fleet.crm.url, customer('7733', '1'), record);
    await agree(onRedis, onMariaDb);
  }, 180_000);
  afterAll(async () => fleet.end());

  const agree = async (...members: FleetMember[]) => {
    await mustAgree(fleet, members, record);
    await Promise.all(members.map(allAcknowledged));
  };
  const change = (connectionMandate: '0' | '2') =>
    replaceCustomer(fleet.crm.url, id, customer('7733', connectionMandate), record);
  /** Said in all places, and nobody is told what is out of date. */
  const isSaid = async (member: FleetMember) => {
    expect(await saysThatEventsAreMissing(member)).toBe(true);
    await vi.waitFor(async () => expect(await mandateOf(member, '7733')).toBe(503), patience);
    expect(await mandateOf(member, '7000')).toBe(503);
    expect(await mandateOf(member, '1')).toBe(503);
    expect((await getJson(`${member.url}/status`)).body.view).toMatchObject({
      state: 'incomplete',
      warning: expect.stringContaining('npm run rebuild'),
    });
  };

  it('because Redis lost its last second: noticed without a further event, said, mended by npm run rebuild', async () => {
    const lastSecond = loseWhatRedisWritesNow();
    await change('2');
    await agree(onRedis);
    await lastSecond.restore();
    await isSaid(onRedis);
    await rebuildView(onRedis, fleet.crm.url);
    await agree(onRedis);
  });

  it('because MariaDB was put back to a dump: noticed without a further event, said, mended by npm run rebuild', async () => {
    const dump = await copyStore(onMariaDb.view);
    await change('0');
    await agree(onMariaDb);
    await dump.restore();
    await isSaid(onMariaDb);
    await rebuildView(onMariaDb, fleet.crm.url);
    await agree(onMariaDb);
  });

  it('because another, empty one took its place: unknown and not ready at first, incomplete from the next event on', async () => {
    await clearRedis();
    await vi.waitFor(async () => expect(await mandateOf(onRedis, '7733')).toBe(404), patience);
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
