import { expect, it, vi } from 'vitest';
import { type ClockOffset, createJumpingClock, fakeClock } from './fake-clock.ts';
import { fetchMandate, getJson } from './http.ts';

type Environment = Record<string, string>;
type Running = { url: string; end(signal: NodeJS.Signals): Promise<unknown> };

/** Starts the services in processes of their own, on one log and one store that are kept from start to start. */
type SkewedPlatform = {
  startCrm(env: Environment): Promise<Running>;
  startIot(env: Environment): Promise<Running>;
};

const patience = { timeout: 20_000, interval: 50 };

const patch = async ({ url }: Running, connectionMandate: string) => {
  const body = JSON.stringify({ connectionMandate });
  const headers = { 'content-type': 'application/merge-patch+json' };
  expect((await fetch(`${url}/customers/7`, { method: 'PATCH', headers, body })).status).toBe(200);
};
const shows = (iot: Running, mandate: string) =>
  vi.waitFor(async () => expect(await fetchMandate(iot, '7733')).toBe(mandate), patience);
const hasNoDeadLetters = async (iot: Running) =>
  expect((await getJson(`${iot.url}/status`)).body.sinceStart).toMatchObject({ setAside: 0 });

/** From start to start of one service, while the other has the right clock. */
const clocks: ClockOffset[] = ['+6m', '+1d', '+0s', '-1d'];

/** No wall clock decides whether an event of the CRM is applied. */
export const testClockSkew = (open: () => Promise<SkewedPlatform>) => {
  it('every change of a CRM is applied in its order, with a clock that is ahead, ahead by a day, right, and behind', async () => {
    const { startCrm, startIot } = await open();
    const iot = await startIot({});
    for (const offset of clocks) {
      const crm = await startCrm(fakeClock(offset));
      for (const level of ['2', '0', '1']) {
        await patch(crm, level);
        await shows(iot, level);
      }
      await crm.end('SIGKILL');
    }
    await hasNoDeadLetters(iot);
    await iot.end('SIGTERM');
  });

  it('a subscriber applies every change, with a clock that is ahead, ahead by a day, right, and behind', async () => {
    const { startCrm, startIot } = await open();
    const crm = await startCrm({});
    for (const [n, offset] of clocks.entries()) {
      const iot = await startIot(fakeClock(offset));
      for (const level of n % 2 === 0 ? ['2', '0'] : ['1', '0']) {
        await patch(crm, level);
        await shows(iot, level);
      }
      await hasNoDeadLetters(iot);
      await iot.end('SIGKILL');
    }
    await crm.end('SIGTERM');
  });

  it('clocks of both that jump forth and back while they run change nothing', async () => {
    const { startCrm, startIot } = await open();
    const [ofCrm, ofIot] = [createJumpingClock('+0s'), createJumpingClock('+0s')];
    const [crm, iot] = await Promise.all([startCrm(ofCrm.env), startIot(ofIot.env)]);
    const jumps: [ClockOffset, ClockOffset][] = [
      ['+1d', '+0s'],
      ['-1d', '+0s'],
      ['+0s', '-1d'],
      ['+6m', '+1d'],
      ['+0s', '+0s'],
    ];
    for (const [n, [crmTo, iotTo]] of jumps.entries()) {
      ofCrm.jump(crmTo);
      ofIot.jump(iotTo);
      for (const level of n % 2 === 0 ? ['2', '0'] : ['1', '0']) {
        await patch(crm, level);
        await shows(iot, level);
      }
    }
    await hasNoDeadLetters(iot);
    expect((await getJson(`${iot.url}/readyz`)).status).toBe(200);
    expect((await getJson(`${crm.url}/readyz`)).status).toBe(200);
    await Promise.all([crm.end('SIGTERM'), iot.end('SIGTERM')]);
  });
};
