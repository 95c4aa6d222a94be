import { expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { type ClockOffset, createJumpingClock, fakeClock } from './fake-clock.ts';
import { fetchMandate, getJson } from './http.ts';

type Environment = Record<string, string>;
type Running = { url: string; end(signal: NodeJS.Signals): Promise<unknown> };

/** Starts each service in its own process, on one log and one store that survive restarts. */
type SkewedPlatform = {
  startCrm(env: Environment): Promise<Running>;
  startIot(env: Environment): Promise<Running>;
};

const patch = async ({ url }: Running, connectionMandate: string) => {
  const body = JSON.stringify({ connectionMandate });
  const headers = { 'content-type': 'application/merge-patch+json' };
  expect((await fetch(`${url}/customers/7`, { method: 'PATCH', headers, body })).status).toBe(200);
};
const waitForMandate = (iot: Running, mandate: string) =>
  eventually(async () => expect(await fetchMandate(iot, '7733')).toBe(mandate));
const expectNoDeadLetters = async (iot: Running) =>
  expect((await getJson(`${iot.url}/status`)).body.sinceStart).toMatchObject({ setAside: 0 });

/** The clocks of one service, a restart each; the other service has the right clock. */
const clocks: ClockOffset[] = ['+6m', '+1d', '+0s', '-1d'];

/** Tests that no wall clock decides whether an event is applied. @param open starts a new platform for each test */
export const testClockSkew = (open: () => Promise<SkewedPlatform>) => {
  it('applies all changes of a CRM in order while its clock is ahead, a day ahead, right, and behind', async () => {
    const { startCrm, startIot } = await open();
    const iot = await startIot({});
    for (const offset of clocks) {
      const crm = await startCrm(fakeClock(offset));
      for (const level of ['2', '0', '1']) {
        await patch(crm, level);
        await waitForMandate(iot, level);
      }
      await crm.end('SIGKILL');
    }
    await expectNoDeadLetters(iot);
    await iot.end('SIGTERM');
  });

  it('applies all changes in a subscriber whose clock is ahead, a day ahead, right, and behind', async () => {
    const { startCrm, startIot } = await open();
    const crm = await startCrm({});
    for (const [n, offset] of clocks.entries()) {
      const iot = await startIot(fakeClock(offset));
      for (const level of n % 2 === 0 ? ['2', '0'] : ['1', '0']) {
        await patch(crm, level);
        await waitForMandate(iot, level);
      }
      await expectNoDeadLetters(iot);
      await iot.end('SIGKILL');
    }
    await crm.end('SIGTERM');
  });

  it('applies all changes while the clocks of both services jump', async () => {
    const { startCrm, startIot } = await open();
    const [crmClock, iotClock] = [createJumpingClock('+0s'), createJumpingClock('+0s')];
    const [crm, iot] = await Promise.all([startCrm(crmClock.env), startIot(iotClock.env)]);
    const jumps: [ClockOffset, ClockOffset][] = [
      ['+1d', '+0s'],
      ['-1d', '+0s'],
      ['+0s', '-1d'],
      ['+6m', '+1d'],
      ['+0s', '+0s'],
    ];
    for (const [n, [crmTo, iotTo]] of jumps.entries()) {
      crmClock.jump(crmTo);
      iotClock.jump(iotTo);
      for (const level of n % 2 === 0 ? ['2', '0'] : ['1', '0']) {
        await patch(crm, level);
        await waitForMandate(iot, level);
      }
    }
    await expectNoDeadLetters(iot);
    expect((await getJson(`${iot.url}/readyz`)).status).toBe(200);
    expect((await getJson(`${crm.url}/readyz`)).status).toBe(200);
    await Promise.all([crm.end('SIGTERM'), iot.end('SIGTERM')]);
  });
};
