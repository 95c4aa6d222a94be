import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { expiredAtOnce, killedAt, rebuildsOf } from '../../../tests/rebuild-of-things.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type Thing, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import type { CheckpointDocument } from '../generations/checkpoint-document.ts';
import { documentKey } from '../generations/generation.ts';
import { changePointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { createStores, type Stores } from '../generations/stores.ts';
import { startProjection } from '../projection.ts';
import type { StateStore } from '../state-store.ts';
import { openView } from '../view.ts';
import { RebuildRefused } from './context.ts';
import type { Source } from './find-mismatches.ts';
import { preflight } from './preflight.ts';
import { abandon, type RebuildOptions, rebuild } from './rebuild.ts';
import { retire } from './remove.ts';
import { switchBack } from './switch.ts';

const nextToLive: RebuildOptions = { inPlace: false, acceptDifferences: false };
const names = (n: number) => Array.from({ length: n }, (_, i) => `K${i}`);

const openThings = async (things_ = 200) => {
  const platform = openEmbeddedPlatform(':memory:', [things.topic, things.deadLetters]);
  const bus = platform.eventBus('live');
  const primary = platform.stateStore('primary');
  const other = platform.stateStore('other');
  let published = 0;
  const publish = (...changes: Thing[]) =>
    bus.publish(
      things.topic.name,
      changes.map((thing) => ({ id: `${published++}`, key: thing.key, value: Buffer.from(JSON.stringify(thing)) })),
    );
  const follow = async (disturb: (store: StateStore) => StateStore = (store) => store, name = 'primary') => {
    const store = platform.stateStore(name);
    const context = { ...createTestRuntime(), bus, store: disturb(store), secondaryStore: platform.stateStore };
    const live = await startProjection(things, context);
    onTestFinished(() => live.close());
    return live;
  };
  const { reported, context } = rebuildsOf(platform, { recheckAfterMs: 20 });
  const shownIn = async (number: number, keys: string[], store = primary) => {
    const held = await store.getMany(keys.map((key) => documentKey(number, key)));
    return keys.map((key) => (held.get(documentKey(number, key))?.value as Thing | undefined)?.n);
  };
  const view = openView<Thing>(things, primary, { secondaryStore: platform.stateStore });
  const pointer = () => readPointer(primary, things.name);
  const caughtUp = () =>
    eventually(async () => {
      const { partitions } = await view.completeness();
      const applied = Object.values(partitions).reduce((sum, checkpoint) => sum + checkpoint.applied + 1, 0);
      expect(applied).toBe(published);
    });
  await publish(...names(things_).map((key, n) => ({ key, n: n + 1 })));
  return { platform, primary, other, publish, follow, context, reported, shownIn, view, pointer, caughtUp };
};

const sourceOf = (content: () => Record<string, number>): Source => ({
  name: 'the source',
  pages: async function* () {
    yield Object.entries(content()).map(([key, n]) => ({ key, displayValue: String(n) }));
  },
});

/** Blocks the first read of a single checkpoint document until it is released. */
const blockAtRegistration = () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isBlocked = false;
  const stores = (all: Stores): Stores => {
    return (name) => ({
      ...all(name),
      getMany: async (keys) => {
        if (!isBlocked && keys.length === 1 && keys[0]?.startsWith('position:')) {
          isBlocked = true;
          await released;
        }
        return all(name).getMany(keys);
      },
    });
  };
  const reached = () => eventually(() => expect(isBlocked).toBe(true));
  return { stores, reached, release };
};

describe('a rebuild next to the live view', () => {
  it('fills a fresh generation and makes it the active one, while the old one is kept up to date', async () => {
    const { follow, context, shownIn, pointer, view, publish, caughtUp } = await openThings();
    await follow();
    await caughtUp();
    const outcome = await rebuild(context(), nextToLive);
    expect(outcome).toMatchObject({ switched: true, generation: { number: 2 }, differences: [], setAside: 0 });
    expect(await shownIn(2, names(200))).toEqual(names(200).map((_, n) => n + 1));
    expect(await pointer()).toEqual({ answering: { number: 2 }, lastNumber: 2, previous: [{ number: 1 }] });
    await publish({ key: 'K7', n: 999 }, { key: 'new', n: 5 });
    await caughtUp();
    for (const number of [1, 2]) expect(await shownIn(number, ['K7', 'new'])).toEqual([999, 5]);
    expect(await view.get('new')).toEqual({ key: 'new', n: 5 });
    expect((await view.completeness()).state).toBe('complete');
  });

  it('misses no change that is made while it runs', async () => {
    const { follow, context, shownIn, publish, caughtUp } = await openThings(50);
    await follow();
    let changing = true;
    let n = 1_000;
    const change = async () => {
      while (changing) {
        await publish(...names(50).map((key) => ({ key, n: ++n })));
        await nextTurn();
      }
    };
    const changes = change();
    const { switched } = await rebuild(context(), nextToLive);
    changing = false;
    await changes;
    await caughtUp();
    expect(switched).toBe(true);
    expect(await shownIn(2, names(50))).toEqual(await shownIn(1, names(50)));
  });

  it('has the records of a writer that was suspended since before the registration', async () => {
    const { follow, context, shownIn, publish, caughtUp } = await openThings(10);
    let wake = () => {};
    const awake = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let onSuspended = () => {};
    const isSuspended = new Promise<void>((resolve) => {
      onSuspended = resolve;
    });
    let suspendNext = false;
    await follow((store) => ({
      ...store,
      transact: async (upserts) => {
        if (suspendNext && upserts.some(({ key }) => key === 'late')) {
          suspendNext = false;
          onSuspended();
          await awake;
        }
        return store.transact(upserts);
      },
    }));
    await caughtUp();
    suspendNext = true;
    await publish({ key: 'late', n: 1 });
    await isSuspended;
    const source = sourceOf(() => ({ ...Object.fromEntries(names(10).map((key, i) => [key, i + 1])), late: 1 }));
    expect((await rebuild(context(), { ...nextToLive, source })).switched).toBe(true);
    wake();
    await caughtUp();
    await publish({ key: 'late', n: 2 });
    await caughtUp();
    for (const number of [1, 2]) expect(await shownIn(number, ['late'])).toEqual([2]);
  });

  it('has the records that were applied after the replay and before the registration', async () => {
    const { follow, context, shownIn, publish, caughtUp } = await openThings(10);
    await follow();
    await caughtUp();
    let isRegistered = false;
    const publishBeforeRegistration = (stores: Stores): Stores => {
      return (name) => ({
        ...stores(name),
        transact: async (upserts) => {
          if (!isRegistered && upserts.some(({ key }) => key.startsWith('position:'))) {
            isRegistered = true;
            await publish({ key: 'between', n: 1 }, ...names(10).map((key) => ({ key, n: 500 })));
            await caughtUp();
          }
          return stores(name).transact(upserts);
        },
      });
    };
    await rebuild(context(publishBeforeRegistration), { ...nextToLive, acceptDifferences: true });
    expect(await shownIn(2, ['between', ...names(10)])).toEqual([1, ...names(10).map(() => 500)]);
  });

  it('that is killed after any of its writes completes when it is run again', async () => {
    let writes = 0;
    for (let finished = false; !finished; writes++) {
      const { follow, context, shownIn, view, pointer, caughtUp } = await openThings(20);
      const live = await follow();
      await caughtUp();
      finished = await rebuild(context(killedAt(writes)), nextToLive).then(
        () => true,
        (error) => {
          expect(error.message).toBe('killed');
          return false;
        },
      );
      if ((await pointer()).answering.number === 1)
        expect(await rebuild(context(undefined, expiredAtOnce), nextToLive)).toMatchObject({ switched: true });
      expect(await shownIn(2, names(20))).toEqual(names(20).map((_, n) => n + 1));
      expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
      await live.close();
    }
    expect(writes).toBeGreaterThan(8);
  });

  it('continues where it was, and does not read again what is written', async () => {
    const { context, platform, reported } = await openThings(20);
    const read: number[] = [];
    const watched = () => {
      const log = platform.logReader();
      const reading: typeof log.read = (topic, ranges, handle, signal) => {
        read.push(...ranges.map(({ begin, end }) => end - begin));
        return log.read(topic, ranges, handle, signal);
      };
      return { ...log, read: reading };
    };
    await expect(rebuild(context(killedAt(6)), nextToLive)).rejects.toThrow('killed');
    await rebuild({ ...context(undefined, expiredAtOnce), log: watched() }, nextToLive);
    expect(reported).toContainEqual(expect.stringMatching(/Continuing with Generation 2 in primary/));
    expect(read.slice(0, 2)).toEqual([0, 0]);
  });

  it('repairs a view that misses events', async () => {
    const { follow, context, primary, view, publish, caughtUp } = await openThings(20);
    await follow();
    await caughtUp();
    await primary.remove(['K3', 'position:things:things-topic:0', 'position:things:things-topic:1']);
    await publish(...names(20).map((key) => ({ key: `${key}X`, n: 1 })));
    await eventually(async () => expect((await view.completeness()).state).toBe('incomplete'));
    expect(await rebuild(context(), nextToLive)).toMatchObject({
      switched: true,
      differences: [{ key: 'K3', rebuilt: '4', live: '0' }],
      switchBackTo: undefined,
    });
    expect(await view.get('K3')).toEqual({ key: 'K3', n: 4 });
    expect((await view.completeness()).state).toBe('complete');
    await expect(switchBack(context())).rejects.toThrow('misses events');
    expect(await rebuild(context(), nextToLive)).toMatchObject({ switched: true, switchBackTo: { number: 2 } });
  });

  it('counts poison records', async () => {
    const { platform, context } = await openThings(3);
    await platform.eventBus('x').publish(things.topic.name, [{ id: 'x', key: 'x', value: Buffer.from('nonsense') }]);
    expect(await rebuild(context(), { ...nextToLive, acceptDifferences: true })).toMatchObject({ setAside: 1 });
  });

  it('is refused while another one is in progress', async () => {
    const { context } = await openThings(3);
    let letContinue = () => {};
    const mayContinue = new Promise<void>((resolve) => {
      letContinue = resolve;
    });
    const { log, ...rest } = context();
    const read: typeof log.read = async (...range) => {
      await mayContinue;
      await log.read(...range);
    };
    const first = rebuild({ ...rest, log: { ...log, read } }, { ...nextToLive, acceptDifferences: true });
    await eventually(async () => expect((await preflight(context(), nextToLive)).unfinished).toBeDefined());
    await expect(rebuild(context(), nextToLive)).rejects.toThrow('is in progress');
    letContinue();
    expect(await first).toMatchObject({ switched: true });
  });

  it('does not take over a lease that was renewed since it was read', async () => {
    const { context, primary, pointer } = await openThings(3);
    await expect(rebuild(context(killedAt(4)), nextToLive)).rejects.toThrow('killed');
    const later = context(undefined, expiredAtOnce);
    const renewedMeanwhile: typeof later.log.offsets = async (topic) => {
      await changePointer(primary, things.name, (held) => ({
        ...held,
        rebuild: { ...(held.rebuild as Rebuild), leaseUntil: 7 },
      }));
      return later.log.offsets(topic);
    };
    const log = { ...later.log, offsets: renewedMeanwhile };
    await expect(rebuild({ ...later, log, holder: 'another' }, nextToLive)).rejects.toThrow(
      'Another process has changed the pointer',
    );
    expect((await pointer()).rebuild).toMatchObject({ holder: 'a test', leaseUntil: 7 });
  });
});

describe('before the switch', () => {
  const filled = async () => {
    const all = await openThings(3);
    await all.follow();
    await all.caughtUp();
    return all;
  };

  it('a generation that differs from its source is not switched to, unless differences are accepted', async () => {
    const { context, pointer } = await filled();
    const source = sourceOf(() => ({ K0: 1, K1: 7, gone: 0 }));
    const outcome = await rebuild(context(), { ...nextToLive, source });
    expect(outcome).toMatchObject({ switched: false, isTruncated: false });
    expect(outcome.differences).toEqual([
      { key: 'K1', source: '7', rebuilt: '2', live: '2' },
      { key: 'K2', source: '0', isUnknown: true, rebuilt: '3', live: '3' },
    ]);
    expect((await pointer()).answering).toEqual({ number: 1 });
    expect(await rebuild(context(), { ...nextToLive, source, acceptDifferences: true })).toMatchObject({
      switched: true,
    });
  });

  it('a live view with more differences than can be listed is repaired', async () => {
    const keys = names(10_050);
    const { context, view, primary } = await openThings(keys.length);
    // No writer runs, so the live view is empty.
    const right = Object.fromEntries(keys.map((key, n) => [key, n + 1]));
    const outcome = await rebuild(context(), { ...nextToLive, source: sourceOf(() => right) });
    expect(outcome).toMatchObject({ switched: true, isTruncated: true, isUndecided: false });
    expect(await view.get('K10049')).toEqual({ key: 'K10049', n: 10_050 });
    expect(await primary.getMany(['K1'])).toEqual(new Map());
  });

  it('a difference after more mismatches than can be listed is found', async () => {
    const keys = names(10_050);
    const { context, publish, follow, caughtUp } = await openThings(keys.length);
    await follow();
    await caughtUp();
    let reads = 0;
    // At the first comparison every value differs; after that only the last one does.
    const moving = (n: number) => (reads === 1 ? -1 : n + 1);
    const source = sourceOf(() => {
      reads++;
      return Object.fromEntries(keys.map((key, n) => [key, key === 'K10049' ? 20_000 : moving(n)]));
    });
    const outcome = await rebuild(context(), { ...nextToLive, source });
    expect(outcome).toMatchObject({ switched: false, differences: [{ key: 'K10049' }] });
    await publish({ key: 'K10049', n: 20_000 });
    await caughtUp();
    expect(await rebuild(context(), { ...nextToLive, source })).toMatchObject({ switched: true, differences: [] });
  });

  it('a live view that was never filled does not prevent the switch', async () => {
    const { context, view } = await openThings(20);
    expect(await rebuild(context(), nextToLive)).toMatchObject({ switched: true });
    expect(await view.get('K1')).toEqual({ key: 'K1', n: 2 });
  });

  it('a value that differs only during a change is no difference', async () => {
    const { context, publish } = await filled();
    let reads = 0;
    const source: Source = {
      name: 'the source',
      pages: async function* () {
        if (reads++ === 0) await publish({ key: 'K1', n: 50 });
        yield Object.entries({ K0: 1, K1: 50, K2: 3 }).map(([key, n]) => ({ key, displayValue: String(n) }));
      },
    };
    expect(await rebuild(context(), { ...nextToLive, source })).toMatchObject({ switched: true, differences: [] });
  });

  it('a value that changes at every read is no difference, because the live writers maintain it', async () => {
    const { context, publish } = await filled();
    let reads = 0;
    const source: Source = {
      name: 'the source',
      pages: async function* () {
        const n = 1_000 + ++reads;
        await publish({ key: 'K1', n });
        yield Object.entries({ K0: 1, K1: n + 1, K2: 3 }).map(([key, n]) => ({ key, displayValue: String(n) }));
      },
    };
    expect(await rebuild(context(), { ...nextToLive, source })).toMatchObject({ switched: true, differences: [] });
    expect(reads).toBeGreaterThan(3);
  });

  it('a wrong value of the live view alone is repaired and reported', async () => {
    const { context, primary } = await filled();
    const etag = (await primary.getMany(['K1'])).get('K1')?.etag;
    await primary.transact([{ key: 'K1', value: { key: 'K1', n: 77 }, etag }]);
    const source = sourceOf(() => ({ K0: 1, K1: 2, K2: 3 }));
    expect(await rebuild(context(), { ...nextToLive, source })).toMatchObject({
      switched: true,
      differences: [{ key: 'K1', source: '2', rebuilt: '2', live: '77' }],
    });
  });
});

describe('after a rebuild', () => {
  const rebuilt = async () => {
    const all = await openThings(20);
    await all.follow();
    await all.caughtUp();
    await rebuild(all.context(), nextToLive);
    return all;
  };

  it('an operator can switch back and forth', async () => {
    const { context, view, pointer } = await rebuilt();
    expect(await switchBack(context())).toEqual({ number: 1 });
    expect((await view.completeness()).generation).toEqual({ number: 1 });
    expect(await switchBack(context())).toEqual({ number: 2 });
    expect(await pointer()).toMatchObject({ answering: { number: 2 }, previous: [{ number: 1 }] });
  });

  it('a switch back goes to the latest generation that has all events, which the rebuild has named', async () => {
    const { context, primary, pointer } = await rebuilt();
    expect(await rebuild(context(), nextToLive)).toMatchObject({
      generation: { number: 3 },
      switchBackTo: { number: 2 },
    });
    const key = 'position:things:things-topic:1';
    const held = (await primary.getMany([key])).get(key);
    const { generations } = held?.value as CheckpointDocument;
    const gap = { ...generations, 2: { applied: generations[2]?.applied, missing: [[0, 0]] } };
    await primary.transact([{ key, value: { generations: gap }, etag: held?.etag }]);
    expect(await switchBack(context())).toEqual({ number: 1 });
    expect((await pointer()).previous).toEqual([{ number: 2 }, { number: 3 }]);
  });

  it('retiring deletes the keys of the old generation, and no writer and no switch back uses it any more', async () => {
    const { context, shownIn, publish, caughtUp, view } = await rebuilt();
    expect(await retire(context())).toEqual([{ number: 1 }]);
    expect(await shownIn(1, names(20))).toEqual(names(20).map(() => undefined));
    await publish({ key: 'K1', n: 100 });
    await caughtUp();
    expect(await shownIn(1, ['K1'])).toEqual([undefined]);
    expect(await view.get('K1')).toEqual({ key: 'K1', n: 100 });
    await expect(switchBack(context())).rejects.toThrow('nothing to switch back to');
    expect(await retire(context())).toEqual([]);
  });

  it('a retirement that was killed is completed by the next one', async () => {
    for (let writes = 0, finished = false; !finished; writes++) {
      const { context, shownIn, view } = await rebuilt();
      finished = await retire(context(killedAt(writes))).then(
        () => true,
        () => false,
      );
      if (!finished) await retire(context());
      expect(await shownIn(1, names(20))).toEqual(names(20).map(() => undefined));
      expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
    }
  });

  it('a permanently unavailable store prevents neither updates of the view nor a new rebuild', async () => {
    const { context, pointer, publish, caughtUp, view } = await rebuilt();
    await rebuild(context(), { ...nextToLive, into: 'other' });
    await switchBack(context());
    const refuse = () => Promise.reject(new RebuildRefused('other is unavailable'));
    const away = (stores: Stores): Stores => {
      return (name) => (name === 'other' ? { ...stores(name), getMany: refuse, transact: refuse } : stores(name));
    };
    await expect(retire(context(away))).rejects.toThrow('other is unavailable');
    expect(await pointer()).toMatchObject({ previous: [], retired: [{ number: 3, store: 'other' }] });
    await expect(rebuild(context(), { ...nextToLive, into: 'other' })).rejects.toThrow('is being removed');
    expect(await rebuild(context(away), nextToLive)).toMatchObject({ generation: { number: 4 }, switched: true });
    await publish({ key: 'K1', n: 100 });
    await caughtUp();
    expect(await view.get('K1')).toEqual({ key: 'K1', n: 100 });
  });

  it('a number is never reused', async () => {
    const { context, pointer } = await rebuilt();
    await retire(context());
    await rebuild(context(), nextToLive);
    expect(await pointer()).toMatchObject({ answering: { number: 3 }, previous: [{ number: 2 }] });
  });
});

describe('a process that was suspended', () => {
  const openFollowed = async () => {
    const all = await openThings(20);
    await all.follow();
    await all.caughtUp();
    const expectUpToDate = async () => {
      await all.publish({ key: 'K1', n: 100 });
      await all.caughtUp();
      expect(await all.view.get('K1')).toEqual({ key: 'K1', n: 100 });
      expect((await all.view.completeness()).state).toBe('complete');
    };
    return { ...all, expectUpToDate };
  };

  it('before its registration in place keeps the now active generation registered', async () => {
    const { context, expectUpToDate, pointer } = await openFollowed();
    const { stores, reached, release } = blockAtRegistration();
    const inPlace = { ...nextToLive, inPlace: true };
    const suspended = rebuild(context(stores), inPlace);
    await reached();
    await rebuild(context(undefined, expiredAtOnce), inPlace);
    expect(await rebuild(context(), nextToLive)).toMatchObject({ generation: { number: 3 }, switched: true });
    release();
    await expect(suspended).rejects.toThrow('Another process has changed the pointer');
    expect((await pointer()).answering).toEqual({ number: 3 });
    await expectUpToDate();
  });

  it('before its registration does not register a generation that was given up meanwhile', async () => {
    const { context, expectUpToDate, shownIn } = await openFollowed();
    const { stores, reached, release } = blockAtRegistration();
    const suspended = rebuild(context(stores), nextToLive);
    await reached();
    await abandon(context(undefined, expiredAtOnce));
    release();
    await expect(suspended).rejects.toThrow('Another process has changed the pointer');
    await expectUpToDate();
    expect(await shownIn(2, ['K1'])).toEqual([undefined]);
  });

  it('while it retired a store leaves the now active generation in it alone', async () => {
    const { context, expectUpToDate } = await openFollowed();
    const into = { ...nextToLive, into: 'other' };
    await rebuild(context(), into);
    await switchBack(context());
    const { stores, reached, release } = blockAtRegistration();
    const suspended = retire(context(stores));
    await reached();
    await expect(rebuild(context(), into)).rejects.toThrow('Generation 2 in other is being removed');
    await retire(context());
    expect(await rebuild(context(), into)).toMatchObject({ generation: { number: 3, store: 'other' }, switched: true });
    release();
    await expect(suspended).rejects.toThrow('Another process has retired these generations');
    await expectUpToDate();
  });
});

describe('a rebuild in place', () => {
  const inPlace = { ...nextToLive, inPlace: true };

  it('deletes the old generation first, and refuses reads while it fills', async () => {
    const { follow, context, caughtUp, view, shownIn, pointer, publish } = await openThings(20);
    await follow();
    await caughtUp();
    await expect(rebuild(context(killedAt(5)), inPlace)).rejects.toThrow('killed');
    await expect(view.get('K1')).rejects.toMatchObject({ code: 'view-rebuilding' });
    const later = context(undefined, expiredAtOnce);
    for (const refused of [() => abandon(later), () => rebuild(later, nextToLive), () => switchBack(later)])
      await expect(refused()).rejects.toThrow(
        'A rebuild in place is unfinished. Finish it: npm run rebuild -- --in-place. It cannot be given up',
      );
    await publish({ key: 'K1', n: 100 });
    expect(await rebuild(later, inPlace)).toMatchObject({ switched: true });
    await caughtUp();
    expect(await view.get('K1')).toEqual({ key: 'K1', n: 100 });
    expect(await shownIn(1, names(20))).toEqual(names(20).map(() => undefined));
    expect(await pointer()).toEqual({ answering: { number: 2 }, lastNumber: 2, previous: [] });
  });

  it('that is killed after any of its writes completes when it is run again', async () => {
    for (let writes = 0, finished = false; !finished; writes++) {
      const { follow, context, shownIn, view, pointer, caughtUp } = await openThings(20);
      const live = await follow();
      await caughtUp();
      finished = await rebuild(context(killedAt(writes)), inPlace).then(
        () => true,
        () => false,
      );
      if ((await pointer()).answering.number === 1) await rebuild(context(undefined, expiredAtOnce), inPlace);
      expect(await shownIn(2, names(20))).toEqual(names(20).map((_, n) => n + 1));
      expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
      await live.close();
    }
  });
});

describe('a rebuild into another store', () => {
  const into = { ...nextToLive, into: 'other' };

  it('is kept up to date, and a service with that store as its primary store continues without a gap', async () => {
    const { follow, context, caughtUp, view, shownIn, publish, platform, other } = await openThings(20);
    const live = await follow();
    await caughtUp();
    expect(await rebuild(context(), into)).toMatchObject({ generation: { number: 2, store: 'other' } });
    await publish({ key: 'K1', n: 100 });
    await caughtUp();
    expect(await view.get('K1')).toEqual({ key: 'K1', n: 100 });
    expect(await shownIn(1, ['K1'])).toEqual([100]);

    await live.close();
    await publish({ key: 'K2', n: 200 });
    await follow(undefined, 'other');
    const moved = openView<Thing>(things, other, { secondaryStore: platform.stateStore });
    await eventually(async () => expect(await moved.get('K2')).toEqual({ key: 'K2', n: 200 }));
    expect(await moved.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
    expect(await shownIn(1, ['K2'])).toEqual([3]);
  });

  it('that is killed after any of its writes completes when it is run again', async () => {
    for (let writes = 0, finished = false; !finished; writes++) {
      const { follow, context, shownIn, view, caughtUp, pointer, other, platform } = await openThings(20);
      const live = await follow();
      await caughtUp();
      finished = await rebuild(context(killedAt(writes)), into).then(
        () => true,
        () => false,
      );
      if ((await pointer()).answering.number === 1) await rebuild(context(undefined, expiredAtOnce), into);
      expect(await shownIn(2, names(20), other)).toEqual(names(20).map((_, n) => n + 1));
      expect((await view.completeness()).state).toBe('complete');
      const moved = openView<Thing>(things, other, { secondaryStore: platform.stateStore });
      expect((await moved.completeness()).state).toBe('complete');
      await live.close();
    }
  });

  it('that holds the active generation keeps it active until the switch, and can be switched back to', async () => {
    const { follow, context, caughtUp, view, other, platform, publish } = await openThings(20);
    await follow();
    await caughtUp();
    await rebuild(context(), into);
    const moved = openView<Thing>(things, other, { secondaryStore: platform.stateStore });
    for (let writes = 1, finished = false; !finished; writes++) {
      finished = await rebuild(context(killedAt(writes), expiredAtOnce), into).then(
        () => true,
        () => false,
      );
      await publish({ key: 'K1', n: 100 + writes });
      await caughtUp();
      expect(await view.get('K1')).toEqual({ key: 'K1', n: 100 + writes });
      for (const one of [view, moved]) expect((await one.completeness()).state).toBe('complete');
    }
    expect((await view.completeness()).generation).toEqual({ number: 3, store: 'other' });
    expect((await moved.completeness()).generation).toEqual({ number: 3 });
    expect(await switchBack(context())).toEqual({ number: 2, store: 'other' });
  });

  it('can move there and back again', async () => {
    const { context, other, primary, platform, shownIn, follow, caughtUp } = await openThings(20);
    const live = await follow();
    await caughtUp();
    await rebuild(context(), into);
    await live.close();
    const fromThere = {
      ...context(() => createStores({ store: other, secondaryStore: platform.stateStore })),
      primaryStore: 'other',
    };
    expect(await rebuild(fromThere, { ...nextToLive, into: 'primary' })).toMatchObject({
      switched: true,
      generation: { number: 3, store: 'primary' },
    });
    expect(await shownIn(3, names(20))).toEqual(names(20).map((_, n) => n + 1));
    const view = openView<Thing>(things, primary, { secondaryStore: platform.stateStore });
    expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 3 } });
  });
});

describe('a rebuild that is refused', () => {
  it('reports that the log no longer reaches back to its beginning', async () => {
    const { context } = await openThings(3);
    const log = { ...context().log, offsets: async () => [{ partition: 1, begin: 5, end: 9 }] };
    await expect(rebuild({ ...context(), log }, nextToLive)).rejects.toThrow(
      'Partition 1 of things-topic begins at offset 5',
    );
  });

  it('reports an unfinished rebuild, which can be given up', async () => {
    const { context, pointer, shownIn, follow, caughtUp, publish } = await openThings(3);
    await follow();
    await caughtUp();
    await expect(rebuild(context(killedAt(8)), nextToLive)).rejects.toThrow('killed');
    const later = context(undefined, expiredAtOnce);
    await expect(rebuild(later, { ...nextToLive, inPlace: true })).rejects.toThrow(
      'next to the live view is unfinished',
    );
    await expect(switchBack(later)).rejects.toThrow('unfinished');
    expect(await abandon(later)).toEqual({ number: 2 });
    expect(await pointer()).toEqual({ answering: { number: 1 }, lastNumber: 2, previous: [] });
    await publish({ key: 'K0', n: 9 });
    await caughtUp();
    expect(await shownIn(2, names(3))).toEqual([undefined, undefined, undefined]);
    await expect(abandon(later)).rejects.toThrow('no unfinished rebuild');
  });

  it('reports an abandoned rebuild that is removed in part, whose removal has to be completed first', async () => {
    for (let writes = 1, finished = false; !finished; writes++) {
      const { context, shownIn, pointer } = await openThings(3);
      await expect(rebuild(context(killedAt(8)), nextToLive)).rejects.toThrow('killed');
      finished = await abandon(context(killedAt(writes), expiredAtOnce)).then(
        () => true,
        () => false,
      );
      const later = context(undefined, expiredAtOnce);
      if ((await pointer()).rebuild) {
        await expect(rebuild(later, nextToLive)).rejects.toThrow('Generation 2 in primary was given up');
        expect(await abandon(later)).toEqual({ number: 2 });
      }
      expect(await rebuild(later, { ...nextToLive, acceptDifferences: true })).toMatchObject({
        generation: { number: 3 },
      });
      expect(await shownIn(3, names(3))).toEqual([1, 2, 3]);
    }
  });
});
