import { describe, expect, it } from 'vitest';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { createValueObserver } from '../../runtime/lease.ts';
import { changePointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { createStores } from '../generations/stores.ts';
import { leaseReleased, openRebuildSession, rebuildLeaseMs, waitForLease } from './rebuild-session.ts';

const tomorrow = Date.now() + 86_400_000;
const into = { number: 2 };
const killed: Rebuild = {
  ...{ into, inPlace: false, phase: 'replaying', holder: 'process 1 on elsewhere', leaseUntil: tomorrow },
  ...{ startedAt: 0, next: {}, ends: {}, setAside: 0 },
};

/** A store with a rebuild that has a lease; each read of the store takes a quarter of the lease's duration. */
const withRebuild = async (rebuild: Rebuild, onRead: (nth: number) => unknown = () => undefined) => {
  const platform = openEmbeddedPlatform(':memory:', []);
  const primary = platform.stateStore('primary');
  await changePointer(primary, 'things', (held) => ({ ...held, rebuild }));
  const reported: string[] = [];
  let [reads, now] = [0, 0];
  const lease = createValueObserver(rebuildLeaseMs, () => now);
  const observeLease = () => ({
    isUnchanged: (value: string | undefined) => {
      if (reads++ > 0) now += rebuildLeaseMs / 4;
      return lease.isUnchanged(value);
    },
  });
  const stores = createStores({
    store: {
      ...primary,
      getMany: async (keys) => {
        await onRead(reads);
        return primary.getMany(keys);
      },
    },
    secondaryStore: platform.stateStore,
  });
  const free = () =>
    waitForLease({ projection: { name: 'things' }, stores, report: (line) => void reported.push(line), observeLease });
  return { primary, free, reported, reads: () => reads };
};

describe('the lease of a rebuild', () => {
  it('of a killed process whose clock was a day ahead expires after exactly one lease duration', async () => {
    const { free, reads, reported } = await withRebuild(killed);
    expect((await free()).rebuild).toEqual(killed);
    expect(reads()).toBe(5);
    expect(reported).toEqual([
      'A rebuild by process 1 on elsewhere has not released its lease; waiting to see whether it renews it …',
    ]);
  });

  it('whose value looks long expired is not taken while its holder renews it', async () => {
    const renew = (nth: number) =>
      nth === 2 && changePointer(primary, 'things', (held) => ({ ...held, rebuild: { ...killed, leaseUntil: 12 } }));
    const { primary, free } = await withRebuild({ ...killed, leaseUntil: 11 }, renew);
    await expect(free()).rejects.toThrow('A rebuild by process 1 on elsewhere is in progress');
  });

  it('that was released is free at once', async () => {
    const { free, reads } = await withRebuild({ ...killed, leaseUntil: leaseReleased });
    await free();
    expect(reads()).toBe(0);
  });

  it('is not taken over once its holder has renewed it', async () => {
    const { primary, free } = await withRebuild(killed);
    const held = await free();
    await changePointer(primary, 'things', (now) => ({ ...now, rebuild: { ...killed, leaseUntil: 12 } }));
    const taken = { ...held, rebuild: { ...killed, holder: 'another' } };
    await expect(openRebuildSession(primary, 'things', taken, { expected: held })).rejects.toThrow(
      'Another process has changed the pointer',
    );
    expect((await readPointer(primary, 'things')).rebuild).toMatchObject({ holder: killed.holder, leaseUntil: 12 });
  });

  it('is released at the end', async () => {
    const { primary, free } = await withRebuild(killed);
    const held = await free();
    const session = await openRebuildSession(primary, 'things', { ...held, rebuild: killed }, { expected: held });
    const leaseUntil = async () => (await readPointer(primary, 'things')).rebuild?.leaseUntil;
    expect(await leaseUntil()).toBeGreaterThan(leaseReleased);
    await session.close();
    expect(await leaseUntil()).toBe(leaseReleased);
  });
});
