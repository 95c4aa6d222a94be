import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { createRelayLease, readRelayLease } from './relay-lease.ts';

const leaseMs = 2_000;
const tomorrow = Date.now() + 86_400_000;

const createInstances = async () => {
  const db = await openTestDatabase();
  let now = 0;
  const lines: { msg: string; from?: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const instance = (holder: string) => createRelayLease({ db, holder, log, leaseMs, clock: () => now });
  const advance = (ms: number) => {
    now += ms;
  };
  const holder = async () => (await readRelayLease(db))?.holder;
  return { db, instance, advance, holder, lines };
};

describe('the relay lease', () => {
  it('is taken over one lease duration after its holder was killed, even if the holder’s clock was a day ahead', async () => {
    const { db, instance, advance, holder, lines } = await createInstances();
    // The previous release wrote the expiry time of its wall clock.
    await db.insertInto('relayLease').values({ name: 'outbox', holder: 'killed', expiresAt: tomorrow }).execute();
    const { acquire } = instance('next');
    expect(await acquire()).toBe(false);
    for (const _ of [1, 2, 3]) {
      advance(500);
      expect(await acquire()).toBe(false);
    }
    advance(500);
    expect(await acquire()).toBe(true);
    expect(await holder()).toBe('next');
    expect(lines).toMatchObject([{ msg: 'relay lease taken over, it was not renewed', from: 'killed' }]);
  });

  it('is not taken over at once when its stored expiry time is long past, because wall clocks are ignored', async () => {
    const { db, instance, holder } = await createInstances();
    await db.insertInto('relayLease').values({ name: 'outbox', holder: 'alive', expiresAt: 1 }).execute();
    expect(await instance('next').acquire()).toBe(false);
    expect(await holder()).toBe('alive');
  });

  it('stays with a holder that renews it, and is written once per half lease duration', async () => {
    const { db, instance, advance, holder } = await createInstances();
    const [first, second] = [instance('first'), instance('second')];
    const values = new Set<number | undefined>();
    for (let quarter = 0; quarter < 40; quarter++) {
      expect(await first.acquire()).toBe(true);
      expect(await second.acquire()).toBe(false);
      values.add((await readRelayLease(db))?.expiresAt);
      advance(250);
    }
    expect(values.size).toBe(10);
    expect(await holder()).toBe('first');
  });

  it('is taken over by one of two instances, and the late holder cannot renew it', async () => {
    const { instance, advance } = await createInstances();
    const late = instance('late');
    expect(await late.acquire()).toBe(true);
    const others = [instance('second'), instance('third')];
    for (let quarter = 0; quarter < 8; quarter++) {
      for (const { acquire } of others) expect(await acquire()).toBe(false);
      advance(250);
    }
    const taken = await Promise.all(others.map(({ acquire }) => acquire()));
    expect(taken.toSorted()).toEqual([false, true]);
    expect(await late.acquire()).toBe(false);
  });

  it('can be released by its holder, and not by an instance that has lost it', async () => {
    const { instance, advance, holder } = await createInstances();
    const [first, second] = [instance('first'), instance('second')];
    await first.acquire();
    await first.release();
    expect(await holder()).toBeUndefined();
    expect(await second.acquire()).toBe(true);
    await first.release();
    expect(await holder()).toBe('second');
    for (let quarter = 0; quarter <= 8; quarter++) {
      await first.acquire();
      advance(250);
    }
    expect(await holder()).toBe('first');
    await second.release();
    expect(await holder()).toBe('first');
  });
});
