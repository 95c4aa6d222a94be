import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { dataFolder } from '../../../tests/platform-process.ts';
import { expiredAtOnce, killedAt, rebuildsOf } from '../../../tests/rebuild-of-things.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type Thing, things } from '../../../tests/things.ts';
import { openSqlite } from '../../database/sqlite.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import { startProjection } from '../projection.ts';
import { openView } from '../view.ts';
import { RebuildRefused } from './context.ts';
import type { Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import { abandon, type RebuildOptions, rebuild } from './rebuild.ts';
import { readCheckpointsOf } from './registry.ts';
import { retire } from './remove.ts';

const patience = { timeout: 10_000, interval: 5 };
const topic = things.topic.name;
const pageSize = 10;

/** A log with a view that follows it, and an owner of the data that knows all of it. */
const opened = async (count = 30) => {
  const file = join(dataFolder(), 'platform.sqlite');
  const platform = openEmbeddedPlatform(file, [things.topic, things.deadLetters]);
  const database = openSqlite(file);
  const home = platform.stateStore('home');
  const bus = platform.eventBus('live');
  const owned = new Map<string, number>();
  const publish = (...changes: Thing[]) =>
    bus.publish(
      topic,
      changes.map((thing, n) => ({ id: `${n}`, key: thing.key, value: Buffer.from(JSON.stringify(thing)) })),
    );
  const change = (...changes: Thing[]) => {
    for (const { key, n } of changes) owned.set(key, n);
    return publish(...changes);
  };
  await change(...Array.from({ length: count }, (_, n) => ({ key: keyOf(n), n: n + 1 })));

  const asked: (string | undefined)[] = [];
  const snapshot = (afterPage: () => Promise<void> = async () => {}): Snapshot<Thing> => ({
    name: 'the owner',
    pages: async function* (after) {
      asked.push(after);
      for (let from = after, next: string | undefined = ''; next !== undefined; from = next) {
        const keys = [...owned.keys()].sort().filter((key) => from === undefined || key > from);
        const page = keys.slice(0, pageSize);
        next = keys.length > pageSize ? page.at(-1) : undefined;
        yield { events: page.map((key) => ({ key, n: owned.get(key) as number })), next };
        await afterPage();
      }
    },
  });
  const source: Source = {
    name: 'the owner',
    pages: async function* () {
      yield [...owned].map(([key, n]) => ({ key, shown: String(n) }));
    },
  };
  const { said, context } = rebuildsOf(platform, { lookAgainAfterMs: 5 });
  const fromOwner = (afterPage?: () => Promise<void>): RebuildOptions<Thing> => ({
    inPlace: false,
    acceptDifferences: false,
    source,
    snapshot: snapshot(afterPage),
  });
  const follow = async () => {
    const live = await startProjection(things, {
      ...createTestRuntime(),
      bus,
      store: home,
      secondaryStore: platform.stateStore,
    });
    onTestFinished(() => live.close());
    await caughtUp();
  };
  const caughtUp = () =>
    vi.waitFor(async () => {
      const acknowledged = await bus.committedOffsets(topic);
      for (const { partition, end } of await platform.logReader().offsets(topic))
        expect(acknowledged.get(partition) ?? 0).toBe(end);
    }, patience);
  const shownIn = async (number: number, keys: readonly string[]) => {
    const held = await home.getMany(keys.map((key) => documentKey(number, key)));
    return Object.fromEntries(keys.map((key) => [key, (held.get(documentKey(number, key))?.value as Thing)?.n]));
  };
  return {
    platform,
    owned,
    publish,
    change,
    asked,
    snapshot,
    source,
    said,
    context,
    fromOwner,
    follow,
    caughtUp,
    shownIn,
    view: openView<Thing>(things, home, { secondaryStore: platform.stateStore }),
    pointer: () => readPointer(home, things.name),
    /** As retention does: of each partition the records before this distance from its end are gone. */
    truncate: (left: number) =>
      database
        .prepare(
          `DELETE FROM record WHERE topic = ? AND "offset" <
             (SELECT max("offset") FROM record AS last WHERE last.topic = record.topic AND last.partition = record.partition) - ?`,
        )
        .run(topic, left - 1),
    deleteLog: () => database.prepare('DELETE FROM record WHERE topic = ?').run(topic),
  };
};

const keyOf = (n: number) => `K${String(n).padStart(3, '0')}`;

describe('a rebuild that begins with a snapshot', () => {
  it('needs nothing of the log but what comes after it, and misses nothing', async () => {
    const { follow, truncate, context, fromOwner, shownIn, owned, view, change, caughtUp } = await opened();
    await follow();
    truncate(1);
    await expect(rebuild(context(), { ...fromOwner(), snapshot: undefined })).rejects.toThrow(
      'the log no longer reaches back',
    );
    expect(await rebuild(context(), fromOwner())).toMatchObject({ switched: true, differences: [] });
    expect(await shownIn(2, [...owned.keys()])).toEqual(Object.fromEntries(owned));
    expect((await view.completeness()).state).toBe('complete');
    const ends = new Map((await context().log.offsets(topic)).map(({ partition, end }) => [partition, end]));
    for (const [partition, position] of await readCheckpointsOf(context(), { number: 2 }, [0, 1]))
      expect(position).toEqual({ applied: Number(ends.get(partition)) - 1, missing: [] });
    await change({ key: keyOf(3), n: 500 }, { key: 'new', n: 5 });
    await caughtUp();
    expect(await shownIn(2, [keyOf(3), 'new'])).toEqual({ [keyOf(3)]: 500, new: 5 });
    expect((await view.completeness()).state).toBe('complete');
  });

  it('fills a view where the log was lost, which is complete and follows what comes', async () => {
    const { deleteLog, context, fromOwner, owned, view, shownIn, follow, change, caughtUp } = await opened();
    deleteLog();
    expect(await rebuild(context(), fromOwner())).toMatchObject({ switched: true });
    expect(await shownIn(2, [...owned.keys()])).toEqual(Object.fromEntries(owned));
    expect((await view.completeness()).state).toBe('complete');
    await follow();
    await change({ key: keyOf(3), n: 500 });
    await caughtUp();
    expect(await view.get(keyOf(3))).toEqual({ key: keyOf(3), n: 500 });
  });

  it('has none of the forged revisions that the log still holds', async () => {
    const { publish, context, fromOwner, follow, view, change, caughtUp } = await opened();
    await publish({ key: keyOf(3), n: 999_999 });
    await follow();
    await change({ key: keyOf(3), n: 500 });
    await caughtUp();
    expect(await view.get(keyOf(3))).toEqual({ key: keyOf(3), n: 999_999 });
    expect(await rebuild(context(), { ...fromOwner(), snapshot: undefined })).toMatchObject({ switched: false });
    await abandon(context());
    expect(await rebuild(context(), fromOwner())).toMatchObject({
      switched: true,
      differences: [{ key: keyOf(3), source: '500', rebuilt: '500', live: '999999' }],
    });
    await change({ key: keyOf(3), n: 501 });
    await vi.waitFor(async () => expect(await view.get(keyOf(3))).toEqual({ key: keyOf(3), n: 501 }), patience);
  });

  it('has every change that is made while the snapshot is read, before or behind the cursor', async () => {
    const { context, fromOwner, follow, change, caughtUp, shownIn, owned } = await opened();
    await follow();
    let n = 1_000;
    const changeAll = () => change(...[...owned.keys(), `K0${n}`].map((key) => ({ key, n: ++n })));
    expect(await rebuild(context(), fromOwner(changeAll))).toMatchObject({ switched: true });
    await caughtUp();
    expect(n).toBeGreaterThan(1_060);
    expect(await shownIn(2, [...owned.keys()])).toEqual(Object.fromEntries(owned));
  });

  it('lists what the owner does not know, and is not stopped by it, for the new view does not have it', async () => {
    const { publish, context, fromOwner, follow, view, truncate } = await opened();
    await publish({ key: 'stranger', n: 5 }, { key: 'given up', n: 0 });
    await follow();
    truncate(3);
    const { switched, differences } = await rebuild(context(), fromOwner());
    expect(switched).toBe(true);
    expect(differences).toEqual(
      expect.arrayContaining([
        { key: 'stranger', source: '0', isUnknown: true, rebuilt: '0', live: '5' },
        { key: 'given up', source: '0', isUnknown: true, rebuilt: '0', live: '0' },
      ]),
    );
    expect(differences).toHaveLength(2);
    expect(await view.get('stranger')).toBeUndefined();
  });

  it('is stopped by what the owner does not know and the new view has, for it came later', async () => {
    const { publish, context, fromOwner, pointer } = await opened();
    const meanwhile = () => publish({ key: 'stranger', n: 5 });
    const { switched, differences } = await rebuild(context(), fromOwner(meanwhile));
    expect(switched).toBe(false);
    expect(differences).toContainEqual({ key: 'stranger', source: '0', isUnknown: true, rebuilt: '5', live: '0' });
    expect((await pointer()).answering).toEqual({ number: 1 });
  });
});

describe('a rebuild with a snapshot that was killed', () => {
  it.each([
    ['beside', {}],
    ['in place', { inPlace: true }],
    ['into another store', { into: 'other' }],
  ])('after any of its writes reaches the same end, %s', async (_, way) => {
    let writes = 0;
    for (let finished = false; !finished; writes++) {
      const { follow, truncate, context, fromOwner, owned, view, pointer, change, caughtUp } = await opened();
      await follow();
      truncate(2);
      finished = await rebuild(context(killedAt(writes)), { ...fromOwner(), ...way }).then(
        () => true,
        (error) => {
          expect(error.message).toBe('killed');
          return false;
        },
      );
      await change({ key: keyOf(3), n: 700 + writes }, { key: 'new', n: 1 });
      if ((await pointer()).answering.number === 1)
        expect(await rebuild(context(undefined, expiredAtOnce), { ...fromOwner(), ...way })).toMatchObject({
          switched: true,
        });
      await caughtUp();
      for (const [key, n] of owned) expect(await view.get(key)).toEqual({ key, n });
      expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
    }
    expect(writes).toBeGreaterThan(8);
  });

  it('continues behind the page that it wrote last, and replays from where the log ended at its beginning', async () => {
    const { context, fromOwner, asked, said, change, shownIn, platform, pointer } = await opened();
    const ends = await context().log.offsets(topic);
    const killedOnceWritten = async () => {
      await vi.waitFor(async () => expect((await pointer()).rebuild?.snapshot?.after).toBe(keyOf(9)), patience);
      throw new RebuildRefused('killed');
    };
    await expect(rebuild(context(), fromOwner(killedOnceWritten))).rejects.toThrow('killed');
    await change({ key: keyOf(0), n: 900 });
    const read: number[][] = [];
    const log = platform.logReader();
    const watched: typeof log = {
      ...log,
      read: (name, ranges, handle, signal) => {
        read.push(ranges.map(({ begin }) => begin));
        return log.read(name, ranges, handle, signal);
      },
    };
    expect(await rebuild({ ...context(undefined, expiredAtOnce), log: watched }, fromOwner())).toMatchObject({
      switched: true,
    });
    expect(asked.slice(0, 2)).toEqual([undefined, keyOf(9)]);
    expect(said).toContainEqual(expect.stringMatching(/Going on with Generation 2 in home, .* snapshot up to K009/));
    expect(read[0]).toEqual(ends.map(({ end }) => end));
    expect(await shownIn(2, [keyOf(0)])).toEqual({ [keyOf(0)]: 900 });
  });

  it('between snapshot and replay does not read the snapshot again', async () => {
    const { context, fromOwner, asked, pointer, change, shownIn } = await opened();
    const dying = { ...context(), log: { ...context().log, read: () => Promise.reject(new RebuildRefused('killed')) } };
    await expect(rebuild(dying, fromOwner())).rejects.toThrow('killed');
    expect((await pointer()).rebuild).toMatchObject({ phase: 'replaying', snapshot: { isComplete: true } });
    await change({ key: keyOf(0), n: 900 });
    expect(await rebuild(context(), fromOwner())).toMatchObject({ switched: true });
    expect(asked).toEqual([undefined]);
    expect(await shownIn(2, [keyOf(0)])).toEqual({ [keyOf(0)]: 900 });
  });

  it('is continued with the same options only', async () => {
    const { context, fromOwner, pointer } = await opened();
    await expect(rebuild(context(killedAt(2)), fromOwner())).rejects.toThrow('killed');
    const later = context(undefined, expiredAtOnce);
    const fromLog = { ...fromOwner(), snapshot: undefined };
    await expect(rebuild(later, fromLog)).rejects.toThrow('beside the live view (--from-crm) is unfinished');
    await abandon(later);
    await expect(rebuild(context(killedAt(2), expiredAtOnce), fromLog)).rejects.toThrow('killed');
    // As the version before wrote it.
    expect((await pointer()).rebuild).not.toHaveProperty('snapshot');
    await expect(rebuild(context(undefined, expiredAtOnce), fromOwner())).rejects.toThrow(
      'beside the live view is unfinished',
    );
  });
});

describe('a rebuild whose log loses records while it runs', () => {
  it('is refused when they were not read yet', async () => {
    const { context, fromOwner, publish, truncate, deleteLog } = await opened();
    await expect(rebuild(context(killedAt(3)), fromOwner())).rejects.toThrow('killed');
    await publish(...Array.from({ length: 20 }, (_, n) => ({ key: keyOf(n), n: 800 })));
    truncate(1);
    const later = context(undefined, expiredAtOnce);
    await expect(rebuild(later, fromOwner())).rejects.toThrow(
      /begins at offset \d+ by now.* --abandon, and begin anew/,
    );
    deleteLog();
    await expect(rebuild(later, fromOwner())).rejects.toThrow(/ends at offset 0, so it was recreated.* --abandon/);
    await abandon(later);
    expect(await rebuild(later, fromOwner())).toMatchObject({ switched: true, generation: { number: 3 } });
  });

  it.each([
    true,
    false,
  ])('is refused when that happens while it reads (with a snapshot: %s)', async (isFromSnapshot) => {
    const { context, fromOwner, publish, truncate, pointer } = await opened();
    const log = context().log;
    const cut: typeof log = {
      ...log,
      read: async (...args) => {
        await publish(...Array.from({ length: 20 }, (_, n) => ({ key: keyOf(n), n: 800 })));
        truncate(1);
        return log.read(...args);
      },
    };
    const { snapshot, ...fromLog } = fromOwner();
    await expect(
      rebuild({ ...context(), log: cut }, isFromSnapshot ? { ...fromLog, snapshot } : fromLog),
    ).rejects.toThrow('by now');
    expect((await pointer()).answering).toEqual({ number: 1 });
  });

  it('says what to do where something can be done', async () => {
    const { context, fromOwner, truncate } = await opened();
    const fromLog = { ...fromOwner(), snapshot: undefined, shortLogRemedy: async () => 'Do something else.' };
    await expect(rebuild(context(killedAt(3)), fromLog)).rejects.toThrow('killed');
    truncate(1);
    const later = context(undefined, expiredAtOnce);
    await expect(rebuild(later, fromLog)).rejects.toThrow(
      /from it alone\. Give up what is unfinished: .* --abandon\. Do/,
    );
    await abandon(later);
    await expect(rebuild(later, fromLog)).rejects.toThrow(/from it alone\. Do something else\.$/);
  });
});

describe('keys that the log has forgotten', () => {
  it('are removed with their generation where the snapshot names them', async () => {
    const { context, fromOwner, follow, truncate, owned, shownIn, snapshot } = await opened();
    await follow();
    truncate(1);
    await rebuild(context(), fromOwner());
    await retire(context(), snapshot());
    const gone = Object.fromEntries([...owned.keys()].map((key) => [key, undefined]));
    expect(await shownIn(1, [...owned.keys()])).toEqual(gone);
    expect(await shownIn(2, [...owned.keys()])).toEqual(Object.fromEntries(owned));
    await expect(rebuild(context(killedAt(4), expiredAtOnce), fromOwner())).rejects.toThrow('killed');
    await abandon(context(undefined, expiredAtOnce), snapshot());
    expect(await shownIn(3, [...owned.keys()])).toEqual(gone);
  });
});
