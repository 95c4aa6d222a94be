import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { canFakeClocks, createJumpingClock, fakeClock } from './fake-clock.ts';
import {
  expectPublishedAfterLoss,
  fetchReadiness,
  fillOutbox,
  startCrmWithoutBus,
  waitForLeaseRenewal,
} from './lost-relay.ts';
import { dataFolder } from './platform-process.ts';
import { startCrmOn } from './several-crms.ts';

const ready = await canFakeClocks();
const onSqlite = () => `sqlite:${join(dataFolder(), 'crm.sqlite')}` as const;
const expectLoggedOnce = (crm: { output(): string }, line: RegExp) =>
  eventually(() => expect(crm.output().match(line)).toHaveLength(1));

it.skipIf(!ready)('another CRM publishes the outbox after a CRM was killed with its clock a day ahead', () =>
  expectPublishedAfterLoss({ databaseUrl: onSqlite(), env: fakeClock('+1d'), lose: (crm) => crm.end('SIGKILL') }),
);

it.skipIf(!ready)(
  'another CRM publishes the outbox after a CRM was killed whose clock had jumped while it held the lease',
  () => {
    const clock = createJumpingClock();
    const databaseUrl = onSqlite();
    return expectPublishedAfterLoss({
      databaseUrl,
      env: clock.env,
      lose: async (crm) => {
        clock.jump('+1d');
        await waitForLeaseRenewal(databaseUrl);
        await crm.end('SIGKILL');
      },
    });
  },
);

it('another CRM publishes the outbox while a CRM is paused that holds the lease', () =>
  expectPublishedAfterLoss({ databaseUrl: onSqlite(), lose: ({ pid }) => process.kill(pid, 'SIGSTOP') }));

it('an outbox without progress makes all CRMs unready, also one that does not relay, until its oldest event is published', async () => {
  const databaseUrl = onSqlite();
  const folder = dataFolder();
  const crms = [await startCrmWithoutBus(databaseUrl, folder), await startCrmWithoutBus(databaseUrl, folder)] as const;
  expect((await fetchReadiness(crms[1])).checks.outbox).toBe('ok');
  await fillOutbox(crms[0]);
  for (const crm of crms) {
    await eventually(async () => expect((await fetchReadiness(crm)).checks.outbox).toMatch(/^60 events wait/));
    await expectLoggedOnce(crm, /outbox makes no progress/g);
  }
  const withBus = await startCrmOn(databaseUrl, folder);
  for (const crm of [...crms, withBus])
    await eventually(async () => expect((await fetchReadiness(crm)).checks.outbox).toBe('ok'));
  for (const crm of crms) await expectLoggedOnce(crm, /outbox makes progress again/g);
});
