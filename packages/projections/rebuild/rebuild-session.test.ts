import { describe, expect, it } from 'vitest';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { createValueObserver } from '../../runtime/lease.ts';
import { changePointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { storesOf } from '../generations/stores.ts';
import { leaseReleased, openRebuildSession, rebuildLeaseMs, untilFree } from './rebuild-session.ts';

const tomorrow = Date.now() + 86_400_000;
const into = { number: 2 };
const killed: Rebuild = {
  ...{ into, inPlace: false, phase: 'replaying', holder: 'process 1 on elsewhere', leaseUntil: tomorrow },
  ...{ startedAt: 0, next: {}, ends: {}, setAside: 0 },
};

/** A store with a rebuild that has a lease; each look at it takes a quarter of the lease's duration. */
const withRebuild = async (rebuild: Rebuild, look: (nth: number) => unknown = () => undefined) => {
  const platform = openEmbeddedPlatform(':memory:', []);
  const home = platform.stateStore('home');
  await changePointer(home, 'things', (held) => ({ ...held, rebuild }));
  const said: string[] = [];
  let [looks, now] = [0, 0];
  const lease = createValueObserver(rebuildLeaseMs, () => now);
  const observeLease = () => ({
    isUnchanged: (value: string | undefined) => {
      if (looks++ > 0) now += rebuildLeaseMs / 4;
      return lease.isUnchanged(value);
    },
  });
  const stores = storesOf({
    store: {
      ...home,
      getMany: async (keys) => {
        await look(looks);
        return home.getMany(keys);
      },
    },
    secondaryStore: platform.stateStore,
  });
  const free = () =>
    untilFree({ projection: { name: 'things' }, stores, say: (line) => void said.push(line), observeLease });
  return { home, free, said, looks: () => looks };
};

describe('the lease of a rebuild', () => {
  it('that was killed with its clock a day ahead is free after one lease duration, not before', async () => {
    const { free, looks, said } = await withRebuild(killed);
    expect((await free()).rebuild).toEqual(killed);
    expect(looks()).toBe(5);
    expect(said).toEqual([
      'A rebuild by process 1 on elsewhere has not given its lease back; waiting whether it renews it …',
    ]);
  });

  it('that says that it expired long ago is refused while its holder renews it', async () => {
    const renew = (nth: number) =>
      nth === 2 && changePointer(home, 'things', (held) => ({ ...held, rebuild: { ...killed, leaseUntil: 12 } }));
    const { home, free } = await withRebuild({ ...killed, leaseUntil: 11 }, renew);
    await expect(free()).rejects.toThrow('A rebuild by process 1 on elsewhere is under way');
  });

  it('that was given back is free at once', async () => {
    const { free, looks } = await withRebuild({ ...killed, leaseUntil: leaseReleased });
    await free();
    expect(looks()).toBe(0);
  });

  it('is taken over as it was seen, and not once its holder has renewed it', async () => {
    const { home, free } = await withRebuild(killed);
    const held = await free();
    await changePointer(home, 'things', (now) => ({ ...now, rebuild: { ...killed, leaseUntil: 12 } }));
    const taken = { ...held, rebuild: { ...killed, holder: 'another' } };
    await expect(openRebuildSession(home, 'things', taken, { held })).rejects.toThrow(
      'Another has changed the pointer',
    );
    expect((await readPointer(home, 'things')).rebuild).toMatchObject({ holder: killed.holder, leaseUntil: 12 });
  });

  it('is given back when it ends', async () => {
    const { home, free } = await withRebuild(killed);
    const held = await free();
    const ledger = await openRebuildSession(home, 'things', { ...held, rebuild: killed }, { held });
    const leaseUntil = async () => (await readPointer(home, 'things')).rebuild?.leaseUntil;
    expect(await leaseUntil()).toBeGreaterThan(leaseReleased);
    await ledger.close();
    expect(await leaseUntil()).toBe(leaseReleased);
  });
});
