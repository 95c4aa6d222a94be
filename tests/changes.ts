import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';

const customer = (n: number, connectionMandate: string) => ({
  firstName: 'First',
  lastName: `Last ${n}`,
  city: 'Delft',
  connectionId: String(1000 + n),
  connectionMandate,
});

/**
 * Sends changes to the CRM from several callers, each with customers of its own, and repeats a change until it is acknowledged.
 * `progress.sent` is the number of changes sent so far. @returns the last acknowledged mandate of each connection
 */
export const sendChanges = async (
  crm: () => string,
  {
    customers,
    changes,
    callers = 16,
    progress = { sent: 0 },
  }: { customers: number; changes: number; callers?: number; progress?: { sent: number } },
): Promise<Map<string, string>> => {
  const acknowledged = new Map<string, string>();
  const untilAcknowledged = async (send: () => Promise<Response>, accepted: number[]) => {
    for (;;) {
      const status = await send().then(
        (response) => response.status,
        () => 'no answer', // the CRM is killed or still starting
      );
      if (accepted.some((code) => code === status)) return;
      // 503: the database cannot be used now.
      expect(['no answer', 503]).toContain(status);
      await delay(20);
    }
  };
  for (let n = 0; n < customers; n++)
    // 409: the CRM was killed after its commit and before its answer, so the customer exists.
    await untilAcknowledged(() => postJson(`${crm()}/customers`, customer(n, '0')), [201, 409]);
  const call = async (caller: number) => {
    for (let n = caller; progress.sent < changes; n = n + callers < customers ? n + callers : caller) {
      const level = String(progress.sent++ % 3);
      await untilAcknowledged(() => postJson(`${crm()}/customers/${n + 1}`, customer(n, level)), [200]);
      acknowledged.set(String(1000 + n), level);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return acknowledged;
};

/** Expects each acknowledged change in the CRM, and waits until the view equals the CRM. */
export const expectViewToEqualCrm = async (crm: string, iotPlatform: string, acknowledged: Map<string, string>) => {
  const all = (await getJson(`${crm}/`)).body as Record<string, { connectionId: string; connectionMandate: string }>;
  const inCrm = new Map(Object.values(all).map((c) => [c.connectionId, c.connectionMandate]));
  for (const [id, level] of acknowledged) expect([id, inCrm.get(id)]).toEqual([id, level]);
  await eventually(
    async () => {
      const shown = await Promise.all(
        [...inCrm.keys()].map(async (id) => [id, await fetchMandate({ url: iotPlatform }, id)] as const),
      );
      expect(new Map(shown)).toEqual(inCrm);
      expect((await getJson(`${iotPlatform}/status`)).body).toMatchObject({ view: { state: 'complete' } });
    },
    { interval: 200 },
  );
};
