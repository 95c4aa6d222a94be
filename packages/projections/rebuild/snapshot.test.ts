import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { expiredAtOnce, killedAt, rebuildsOf } from '../../../tests/rebuild-of-things.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type Thing, things } from '../../../tests/things.ts';
import { openSqlite } from '../../database/sqlite.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import { createStores } from '../generations/stores.ts';
import { startProjection } from '../projection.ts';
import { openView } from '../view.ts';
import { RebuildRefused } from './context.ts';
import type { Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import { abandon, type RebuildOptions, rebuild } from './rebuild.ts';
import { readGenerationCheckpoints } from './registry.ts';
import { retire } from './remove.ts';

const topic = things.topic.name;
const pageSize = 10;

/** A log with a view that follows it, and a source that has all of its data. */
const openThings = async (count = 30) => {
  const file = join(dataFolder(), 'platform.sqlite');
  const platform = openEmbeddedPlatform(file, [things.topic, things.deadLetters]);
  const database = openSqlite(file);
  const primary = platform.stateStore('primary');
  const bus = platform.eventBus('live');
  const sourceData = new Map<string, number>();
  const publish = (...changes: Thing[]) =>
    bus.publish(
      topic,
      changes.map((thing, n) => ({ id: `${n}`, key: thing.key, value: Buffer.from(JSON.stringify(thing)) })),
    );
  const change = (...changes: Thing[]) => {
    for (const { key, n } of changes) sourceData.set(key, n);
    return publish(...changes);
  };
  await change(...Array.from({ length: count }, (_, n) => ({ key: keyOf(n), n: n + 1 })));

  const cursors: (string | undefined)[] = [];
  const snapshot = (afterPage: () => Promise<void> = async () => {}): Snapshot<Thing> => ({
    name: 'the source',
    pages: async function* (after) {
      cursors.push(after);
      for (let from = after, next: string | undefined = ''; next !== undefined; from = next) {
        const keys = [...sourceData.keys()].sort().filter((key) => from === undefined || key > from);
        const page = keys.slice(0, pageSize);
        next = keys.length > pageSize ? page.at(-1) : undefined;
        yield { events: page.map((key) => ({ key, n: sourceData.get(key) as number })), next };
        await afterPage();
      }
    },
  });
  const source: Source = {
    name: 'the source',
    pages: async function* () {
      yield [...sourceData].map(([key, n]) => ({ key, displayValue: String(n) }));
    },
  };
  const { reported, context } = rebuildsOf(platform, { recheckAfterMs: 5 });
  const fromSource = (afterPage?: () => Promise<void>): RebuildOptions<Thing> => ({
    inPlace: false,
    acceptDifferences: false,
    source,
    snapshot: snapshot(afterPage),
  });
  const follow = async () => {
    const live = await startProjection(things, {
      ...createTestRuntime(),
      bus,
      store: primary,
      secondaryStore: platform.stateStore,
    });
    onTestFinished(() => live.close());
    await caughtUp();
  };
  const caughtUp = () =>
    eventually(async () => {
      const committed = await bus.committedOffsets(topic);
      for (const { partition, end } of await platform.logReader().offsets(topic))
        expect(committed.get(partition) ?? 0).toBe(end);
    });
  const shownIn = async (number: number, keys: readonly string[]) => {
    const held = await primary.getMany(keys.map((key) => documentKey(number, key)));
    return Object.fromEntries(keys.map((key) => [key, (held.get(documentKey(number, key))?.value as Thing)?.n]));
  };
  return {
    platform,
    sourceData,
    publish,
    change,
    cursors,
    snapshot,
    source,
    reported,
    context,
    fromSource,
    follow,
    caughtUp,
    shownIn,
    view: openView<Thing>(things, primary, { secondaryStore: platform.stateStore }),
    pointer: () => readPointer(primary, things.name),
    /** Deletes old records of each partition, as retention does, and leaves this many. */
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
  it('needs only the part of the log after the snapshot, and misses nothing', async () => {
    const { follow, truncate, context, fromSource, shownIn, sourceData, view, change, caughtUp } = await openThings();
    await follow();
    truncate(1);
    await expect(rebuild(context(), { ...fromSource(), snapshot: undefined })).rejects.toThrow(
      'the log no longer reaches back',
    );
    expect(await rebuild(context(), fromSource())).toMatchObject({ switched: true, differences: [] });
    expect(await shownIn(2, [...sourceData.keys()])).toEqual(Object.fromEntries(sourceData));
    expect((await view.completeness()).state).toBe('complete');
    const ends = new Map((await context().log.offsets(topic)).map(({ partition, end }) => [partition, end]));
    for (const [partition, checkpoint] of await readGenerationCheckpoints(context(), { number: 2 }, [0, 1]))
      expect(checkpoint).toEqual({ applied: Number(ends.get(partition)) - 1, missing: [] });
    await change({ key: keyOf(3), n: 500 }, { key: 'new', n: 5 });
    await caughtUp();
    expect(await shownIn(2, [keyOf(3), 'new'])).toEqual({ [keyOf(3)]: 500, new: 5 });
    expect((await view.completeness()).state).toBe('complete');
  });

  it('fills a view after the log was lost, and the view is complete and follows new events', async () => {
    const { deleteLog, context, fromSource, sourceData, view, shownIn, follow, change, caughtUp } = await openThings();
    deleteLog();
    expect(await rebuild(context(), fromSource())).toMatchObject({ switched: true });
    expect(await shownIn(2, [...sourceData.keys()])).toEqual(Object.fromEntries(sourceData));
    expect((await view.completeness()).state).toBe('complete');
    await follow();
    await change({ key: keyOf(3), n: 500 });
    await caughtUp();
    expect(await view.get(keyOf(3))).toEqual({ key: keyOf(3), n: 500 });
  });

  it('has none of the forged revisions that the log still holds', async () => {
    const { publish, context, fromSource, follow, view, change, caughtUp } = await openThings();
    await publish({ key: keyOf(3), n: 999_999 });
    await follow();
    await change({ key: keyOf(3), n: 500 });
    await caughtUp();
    expect(await view.get(keyOf(3))).toEqual({ key: keyOf(3), n: 999_999 });
    expect(await rebuild(context(), { ...fromSource(), snapshot: undefined })).toMatchObject({ switched: false });
    await abandon(context());
    expect(await rebuild(context(), fromSource())).toMatchObject({
      switched: true,
      differences: [{ key: keyOf(3), source: '500', rebuilt: '500', live: '999999' }],
    });
    await change({ key: keyOf(3), n: 501 });
    await eventually(async () => expect(await view.get(keyOf(3))).toEqual({ key: keyOf(3), n: 501 }));
  });

  it('has every change that is made while the snapshot is read, before or after the cursor', async () => {
    const { context, fromSource, follow, change, caughtUp, shownIn, sourceData } = await openThings();
    await follow();
    let n = 1_000;
    const changeAll = () => change(...[...sourceData.keys(), `K0${n}`].map((key) => ({ key, n: ++n })));
    expect(await rebuild(context(), fromSource(changeAll))).toMatchObject({ switched: true });
    await caughtUp();
    expect(n).toBeGreaterThan(1_060);
    expect(await shownIn(2, [...sourceData.keys()])).toEqual(Object.fromEntries(sourceData));
  });

  it('lists keys that the source does not know, and switches, because the new view does not have them', async () => {
    const { publish, context, fromSource, follow, view, truncate } = await openThings();
    await publish({ key: 'unknown', n: 5 }, { key: 'given up', n: 0 });
    await follow();
    truncate(3);
    const { switched, differences } = await rebuild(context(), fromSource());
    expect(switched).toBe(true);
    expect(differences).toEqual(
      expect.arrayContaining([
        { key: 'unknown', source: '0', isUnknown: true, rebuilt: '0', live: '5' },
        { key: 'given up', source: '0', isUnknown: true, rebuilt: '0', live: '0' },
      ]),
    );
    expect(differences).toHaveLength(2);
    expect(await view.get('unknown')).toBeUndefined();
  });

  it('does not switch when the new view has a key that the source does not know', async () => {
    const { publish, context, fromSource, pointer } = await openThings();
    const meanwhile = () => publish({ key: 'unknown', n: 5 });
    const { switched, differences } = await rebuild(context(), fromSource(meanwhile));
    expect(switched).toBe(false);
    expect(differences).toContainEqual({ key: 'unknown', source: '0', isUnknown: true, rebuilt: '5', live: '0' });
    expect((await pointer()).answering).toEqual({ number: 1 });
  });
});

describe('a rebuild with a snapshot that was killed', () => {
  it.each([
    ['next to the live view', {}],
    ['in place', { inPlace: true }],
    ['into another store', { into: 'other' }],
  ])('after any of its writes completes when it is run again, %s', async (_, options) => {
    let writes = 0;
    for (let finished = false; !finished; writes++) {
      const { follow, truncate, context, fromSource, sourceData, view, pointer, change, caughtUp } = await openThings();
      await follow();
      truncate(2);
      finished = await rebuild(context(killedAt(writes)), { ...fromSource(), ...options }).then(
        () => true,
        (error) => {
          expect(error.message).toBe('killed');
          return false;
        },
      );
      await change({ key: keyOf(3), n: 700 + writes }, { key: 'new', n: 1 });
      if ((await pointer()).answering.number === 1)
        expect(await rebuild(context(undefined, expiredAtOnce), { ...fromSource(), ...options })).toMatchObject({
          switched: true,
        });
      await caughtUp();
      for (const [key, n] of sourceData) expect(await view.get(key)).toEqual({ key, n });
      expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
    }
    expect(writes).toBeGreaterThan(8);
  });

  it('continues after the page that it wrote last, and replays from the end offsets at its beginning', async () => {
    const { context, fromSource, cursors, reported, change, shownIn, platform, pointer } = await openThings();
    const ends = await context().log.offsets(topic);
    const killedOnceWritten = async () => {
      await eventually(async () => expect((await pointer()).rebuild?.snapshot?.after).toBe(keyOf(9)));
      throw new RebuildRefused('killed');
    };
    await expect(rebuild(context(), fromSource(killedOnceWritten))).rejects.toThrow('killed');
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
    expect(await rebuild({ ...context(undefined, expiredAtOnce), log: watched }, fromSource())).toMatchObject({
      switched: true,
    });
    expect(cursors.slice(0, 2)).toEqual([undefined, keyOf(9)]);
    expect(reported).toContainEqual(
      expect.stringMatching(/Continuing with Generation 2 in primary, .* snapshot up to K009/),
    );
    expect(read[0]).toEqual(ends.map(({ end }) => end));
    expect(await shownIn(2, [keyOf(0)])).toEqual({ [keyOf(0)]: 900 });
  });

  it('between snapshot and replay does not read the snapshot again', async () => {
    const { context, fromSource, cursors, pointer, change, shownIn } = await openThings();
    const failing = {
      ...context(),
      log: { ...context().log, read: () => Promise.reject(new RebuildRefused('killed')) },
    };
    await expect(rebuild(failing, fromSource())).rejects.toThrow('killed');
    expect((await pointer()).rebuild).toMatchObject({ phase: 'replaying', snapshot: { isComplete: true } });
    await change({ key: keyOf(0), n: 900 });
    expect(await rebuild(context(), fromSource())).toMatchObject({ switched: true });
    expect(cursors).toEqual([undefined]);
    expect(await shownIn(2, [keyOf(0)])).toEqual({ [keyOf(0)]: 900 });
  });

  it('can be continued only with the same options', async () => {
    const { context, fromSource, pointer } = await openThings();
    await expect(rebuild(context(killedAt(2)), fromSource())).rejects.toThrow('killed');
    const later = context(undefined, expiredAtOnce);
    const fromLog = { ...fromSource(), snapshot: undefined };
    await expect(rebuild(later, fromLog)).rejects.toThrow('next to the live view (--from-crm) is unfinished');
    await abandon(later);
    await expect(rebuild(context(killedAt(2), expiredAtOnce), fromLog)).rejects.toThrow('killed');
    // As the previous version wrote it.
    expect((await pointer()).rebuild).not.toHaveProperty('snapshot');
    await expect(rebuild(context(undefined, expiredAtOnce), fromSource())).rejects.toThrow(
      'next to the live view is unfinished',
    );
  });
});

describe('a rebuild whose log loses records while it runs', () => {
  it('is refused when they had not been read', async () => {
    const { context, fromSource, publish, truncate, deleteLog } = await openThings();
    await expect(rebuild(context(killedAt(3)), fromSource())).rejects.toThrow('killed');
    await publish(...Array.from({ length: 20 }, (_, n) => ({ key: keyOf(n), n: 800 })));
    truncate(1);
    const later = context(undefined, expiredAtOnce);
    await expect(rebuild(later, fromSource())).rejects.toThrow(/now begins at offset \d+.* --abandon, and start again/);
    deleteLog();
    await expect(rebuild(later, fromSource())).rejects.toThrow(
      /ends at offset 0, so the topic was created again.* --abandon/,
    );
    await abandon(later);
    expect(await rebuild(later, fromSource())).toMatchObject({ switched: true, generation: { number: 3 } });
  });

  it.each([
    true,
    false,
  ])('is refused when that happens while it reads (with a snapshot: %s)', async (isFromSnapshot) => {
    const { context, fromSource, publish, truncate, pointer } = await openThings();
    const log = context().log;
    const truncatedLog: typeof log = {
      ...log,
      read: async (...args) => {
        await publish(...Array.from({ length: 20 }, (_, n) => ({ key: keyOf(n), n: 800 })));
        truncate(1);
        return log.read(...args);
      },
    };
    const { snapshot, ...fromLog } = fromSource();
    await expect(
      rebuild({ ...context(), log: truncatedLog }, isFromSnapshot ? { ...fromLog, snapshot } : fromLog),
    ).rejects.toThrow('now begins at offset');
    expect((await pointer()).answering).toEqual({ number: 1 });
  });

  it('reports the remedy if there is one', async () => {
    const { context, fromSource, truncate } = await openThings();
    const fromLog = { ...fromSource(), snapshot: undefined, shortLogRemedy: async () => 'Do something else.' };
    await expect(rebuild(context(killedAt(3)), fromLog)).rejects.toThrow('killed');
    truncate(1);
    const later = context(undefined, expiredAtOnce);
    await expect(rebuild(later, fromLog)).rejects.toThrow(
      /from it alone\. Give up the unfinished rebuild: .* --abandon\. Do/,
    );
    await abandon(later);
    await expect(rebuild(later, fromLog)).rejects.toThrow(/from it alone\. Do something else\.$/);
  });
});

it('a rebuild in place whose log lost records is replaced by a rebuild of an empty store from the source', async () => {
  const { platform, context, fromSource, truncate, follow } = await openThings();
  await follow();
  const fromLog = { ...fromSource(), snapshot: undefined, inPlace: true };
  await expect(rebuild(context(killedAt(5)), fromLog)).rejects.toThrow('killed');
  truncate(1);
  const later = context(undefined, expiredAtOnce);
  await expect(rebuild(later, fromLog)).rejects.toThrow(/set STATESTORE_NAME to an empty store.* --from-crm\.$/);
  const stores = createStores({ store: platform.stateStore('empty'), secondaryStore: platform.stateStore });
  expect(await rebuild({ ...later, primaryStore: 'empty', stores }, fromSource())).toMatchObject({ switched: true });
});

describe('keys that the log no longer holds', () => {
  it('are deleted with their generation when the snapshot names them', async () => {
    const { context, fromSource, follow, truncate, sourceData, shownIn, snapshot } = await openThings();
    await follow();
    truncate(1);
    await rebuild(context(), fromSource());
    await retire(context(), snapshot());
    const gone = Object.fromEntries([...sourceData.keys()].map((key) => [key, undefined]));
    expect(await shownIn(1, [...sourceData.keys()])).toEqual(gone);
    expect(await shownIn(2, [...sourceData.keys()])).toEqual(Object.fromEntries(sourceData));
    await expect(rebuild(context(killedAt(4), expiredAtOnce), fromSource())).rejects.toThrow('killed');
    await abandon(context(undefined, expiredAtOnce), snapshot());
    expect(await shownIn(3, [...sourceData.keys()])).toEqual(gone);
  });
});
