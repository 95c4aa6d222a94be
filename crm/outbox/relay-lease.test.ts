import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { createRelayLease, readRelayLease } from './relay-lease.ts';

const leaseMs = 2_000;
const tomorrow = Date.now() + 86_400_000;

const instances = async () => {
  const db = await openTestDatabase();
  let now = 0;
  const lines: { msg: string; from?: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const instance = (holder: string) => createRelayLease({ db, holder, log, leaseMs, clock: () => now });
  const pass = (ms: number) => {
    now += ms;
  };
  const holder = async () => (await readRelayLease(db))?.holder;
  return { db, instance, pass, holder, lines };
};

describe('the relay lease', () => {
  it('of an instance that was killed with its clock a day ahead is taken over after one lease duration', async () => {
    const { db, instance, pass, holder, lines } = await instances();
    // As the version before wrote it.
    await db.insertInto('relayLease').values({ name: 'outbox', holder: 'killed', expiresAt: tomorrow }).execute();
    const { acquire } = instance('next');
    expect(await acquire()).toBe(false);
    for (const _ of [1, 2, 3]) {
      pass(500);
      expect(await acquire()).toBe(false);
    }
    pass(500);
    expect(await acquire()).toBe(true);
    expect(await holder()).toBe('next');
    expect(lines).toMatchObject([{ msg: 'relay lease taken over, it was not renewed', from: 'killed' }]);
  });

  it('that says that it expired long ago is observed as well, for clocks decide nothing', async () => {
    const { db, instance, holder } = await instances();
    await db.insertInto('relayLease').values({ name: 'outbox', holder: 'alive', expiresAt: 1 }).execute();
    expect(await instance('next').acquire()).toBe(false);
    expect(await holder()).toBe('alive');
  });

  it('stays with a holder that renews it, and is written once in half a lease duration', async () => {
    const { db, instance, pass, holder } = await instances();
    const [first, second] = [instance('first'), instance('second')];
    const values = new Set<number | undefined>();
    for (let quarter = 0; quarter < 40; quarter++) {
      expect(await first.acquire()).toBe(true);
      expect(await second.acquire()).toBe(false);
      values.add((await readRelayLease(db))?.expiresAt);
      pass(250);
    }
    expect(values.size).toBe(10);
    expect(await holder()).toBe('first');
  });

  it('is taken over by one of two, and is not renewed by the one that was late', async () => {
    const { instance, pass } = await instances();
    const late = instance('late');
    expect(await late.acquire()).toBe(true);
    const others = [instance('second'), instance('third')];
    for (let quarter = 0; quarter < 8; quarter++) {
      for (const { acquire } of others) expect(await acquire()).toBe(false);
      pass(250);
    }
    const taken = await Promise.all(others.map(({ acquire }) => acquire()));
    expect(taken.toSorted()).toEqual([false, true]);
    expect(await late.acquire()).toBe(false);
  });

  it('is given back, but not by one that has lost it', async () => {
    const { instance, pass, holder } = await instances();
    const [first, second] = [instance('first'), instance('second')];
    await first.acquire();
    await first.release();
    expect(await holder()).toBeUndefined();
    expect(await second.acquire()).toBe(true);
    await first.release();
    expect(await holder()).toBe('second');
    for (let quarter = 0; quarter <= 8; quarter++) {
      await first.acquire();
      pass(250);
    }
    expect(await holder()).toBe('first');
    await second.release();
    expect(await holder()).toBe('first');
  });
});
