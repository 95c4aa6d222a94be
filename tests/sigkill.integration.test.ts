import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { dataFolder, getJson, startPlatform } from './platform-process.ts';

const customers = 200;
const changes = 5_000;
const callers = 16;
const kills = 3;

type Customer = { customerId: string; connectionId: string; connectionMandate: string };

const customer = (n: number, connectionMandate: string) => ({
  firstName: 'First',
  lastName: `Last ${n}`,
  city: 'Delft',
  connectionId: String(1000 + n),
  connectionMandate,
});

it('the view equals the CRM after kill -9 in the middle of 5,000 changes, and no acknowledged change is lost', async () => {
  const env = { DATA_DIR: dataFolder(), CUSTOMERS_CSV: 'none', LOG_LEVEL: 'warn' };
  let platform = await startPlatform(env);
  const post = (path: string, body: object) =>
    fetch(platform.crm + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  for (let n = 0; n < customers; n++) expect((await post('/customers', customer(n, '0'))).status).toBe(201);

  let sent = 0;
  let killed = 0;
  const acknowledged = new Map<number, string>();
  /** Each caller has customers of its own, so what was acknowledged last is what must be there. */
  const call = async (caller: number) => {
    for (let turn = 0; sent < changes; turn++) {
      const number = sent++;
      const n = (turn * callers + caller) % (Math.floor(customers / callers) * callers);
      const level = String(number % 3);
      for (;;) {
        const status = await post(`/customers/${n + 1}`, customer(n, level)).then(
          (response) => response.status,
          () => 0, // killed, or not yet up again: try the same change again
        );
        if (status === 200) break;
        expect(status).toBe(0);
        await delay(20);
      }
      acknowledged.set(n, level);
    }
  };
  const killInBetween = async () => {
    for (; killed < kills; killed++) {
      const at = (changes / (kills + 1)) * (killed + 1);
      while (sent < at) await delay(5);
      expect(await platform.end('SIGKILL')).toBe('SIGKILL');
      platform = await startPlatform(env);
    }
  };
  await Promise.all([killInBetween(), ...Array.from({ length: callers }, (_, caller) => call(caller))]);
  expect(killed).toBe(kills);

  const all = (await getJson(`${platform.crm}/`)).body as unknown as Record<string, Customer>;
  const inCrm = new Map(Object.values(all).map((c) => [c.connectionId, c.connectionMandate]));
  expect(inCrm.size).toBe(customers);
  for (const [n, level] of acknowledged) expect([n, inCrm.get(String(1000 + n))]).toEqual([n, level]);
  await vi.waitFor(
    async () => {
      const shown = await Promise.all(
        [...inCrm.keys()].map(async (id) => [
          id,
          (await getJson(`${platform.iotPlatform}/mandates/${id}`)).body.connectionMandate,
        ]),
      );
      expect(new Map(shown as [string, string][])).toEqual(inCrm);
      const { body } = await getJson(`${platform.iotPlatform}/status`);
      expect(body).toMatchObject({ view: { state: 'complete' }, sinceStart: { setAside: 0 } });
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(await platform.end('SIGTERM')).toBe(0);
});
