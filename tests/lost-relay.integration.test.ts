import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
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
const patience = { timeout: 30_000, interval: 100 };
const saidOnce = (crm: { output(): string }, line: RegExp) =>
  vi.waitFor(() => expect(crm.output().match(line)).toHaveLength(1), patience);

it.skipIf(!ready)(
  'a CRM that was killed with its clock a day ahead does not keep the outbox from being published',
  () => expectPublishedAfterLoss({ databaseUrl: onSqlite(), env: fakeClock('+1d'), lose: (crm) => crm.end('SIGKILL') }),
);

it.skipIf(!ready)('nor does one whose clock jumped while it held the lease', () => {
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
});

it('nor does one that is paused', () =>
  expectPublishedAfterLoss({ databaseUrl: onSqlite(), lose: ({ pid }) => process.kill(pid, 'SIGSTOP') }));

it('an outbox without progress makes every CRM unready, also one that does not relay, until its oldest event is published', async () => {
  const databaseUrl = onSqlite();
  const folder = dataFolder();
  const crms = [await startCrmWithoutBus(databaseUrl, folder), await startCrmWithoutBus(databaseUrl, folder)] as const;
  expect((await fetchReadiness(crms[1])).checks.outbox).toBe('ok');
  await fillOutbox(crms[0]);
  for (const crm of crms) {
    await vi.waitFor(
      async () => expect((await fetchReadiness(crm)).checks.outbox).toMatch(/^20 events wait/),
      patience,
    );
    await saidOnce(crm, /outbox makes no progress/g);
  }
  const withBus = await startCrmOn(databaseUrl, folder);
  for (const crm of [...crms, withBus])
    await vi.waitFor(async () => expect((await fetchReadiness(crm)).checks.outbox).toBe('ok'), patience);
  for (const crm of crms) await saidOnce(crm, /outbox makes progress again/g);
});
