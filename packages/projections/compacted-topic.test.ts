import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { type Thing, things } from '../../tests/things.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import type { Projection } from './declaration.ts';
import { startDriftDetection } from './drift/index.ts';
import { createSeededRandom, withBusFaults, withStoreFaults } from './faults.ts';
import { createStores } from './generations/index.ts';
import { startProjection } from './projection.ts';
import { noProgress, rebuild } from './rebuild/index.ts';
import { openView } from './view.ts';

/** A thing with a name; `n` is infinite in a tombstone, which is final. */
type NamedThing = Thing & { name?: string };

/** A view of a compacted topic. After a tombstone the document is a marker without a name. */
const namedThings: Projection<NamedThing, NamedThing> = {
  ...things,
  topic: { ...things.topic, compaction: { segmentMs: 1_000, maxLagMs: 1_000 } },
  parse: ({ key = '', value }) =>
    value.length === 0 ? { key, n: Number.MAX_SAFE_INTEGER } : JSON.parse(value.toString()),
  evolve: (held, thing) => (held && held.n >= thing.n ? held : thing),
};

const topic = namedThings.topic.name;

const open = () => {
  const platform = openEmbeddedPlatform(':memory:', [namedThings.topic, namedThings.deadLetters]);
  onTestFinished(() => platform.close());
  const [bus, store, log] = [platform.eventBus('group'), platform.stateStore('primary'), platform.logReader()];
  const publish = async (key: string, thing?: Omit<NamedThing, 'key'>) => {
    const value = Buffer.from(thing ? JSON.stringify({ key, ...thing }) : '');
    await bus.publish(topic, [{ id: key, key, value }]);
  };
  const view = openView<NamedThing>(namedThings, store);
  /** Starts the view and waits until it has followed the whole log and was compared with it. */
  const follow = async () => {
    const context = { ...createTestRuntime(), bus, store, topicLog: log };
    const running = await startProjection(namedThings, context);
    const drift = startDriftDetection(namedThings, { ...context, apply: running.apply });
    const ends = Object.fromEntries(
      (await log.offsets(topic)).filter(({ end }) => end > 0).map(({ partition, end }) => [partition, end - 1]),
    );
    await eventually(async () => {
      const { partitions } = await view.completeness();
      for (const [partition, last] of Object.entries(ends)) expect(partitions[Number(partition)]?.applied).toBe(last);
      expect(drift.hasCompared()).toBe(true);
    });
    const close = async () => {
      await Promise.all([running.close(), drift.close()]);
      return running.counts();
    };
    return close;
  };
  const keysInLog = async () => {
    const keys: string[] = [];
    await log.read(topic, await log.offsets(topic), async ({ records }) => {
      keys.push(...records.map(({ key, value }) => `${key}${value.length === 0 ? ' erased' : ''}`));
    });
    return keys.sort();
  };
  return { platform, store, log, publish, view, follow, keysInLog };
};

it('a view that was stopped while records were compacted away is complete, and has a marker without a name', async () => {
  const { publish, view, follow, keysInLog } = open();
  await publish('a', { n: 1, name: 'Ada' });
  await publish('b', { n: 1, name: 'Bea' });
  await publish('b', { n: 2, name: 'Bob' });
  await publish('c', { n: 1, name: 'Cleo' });
  await publish('b');
  expect(await keysInLog()).toEqual(['a', 'b erased', 'c']);
  const close = await follow();
  expect(await view.completeness()).toMatchObject({ state: 'complete' });
  expect(await view.get('a')).toMatchObject({ name: 'Ada' });
  expect(await view.get('b')).toEqual({ key: 'b', n: Number.MAX_SAFE_INTEGER });
  expect(await close()).toMatchObject({ setAside: 0, retried: 0 });
});

it('a view whose checkpoint is before the removed records continues and loses the name', async () => {
  const { publish, view, follow, keysInLog } = open();
  await publish('a', { n: 1, name: 'Ada' });
  await (await follow())();
  expect(await view.get('a')).toMatchObject({ name: 'Ada' });
  await publish('a', { n: 2, name: 'Adele' });
  await publish('a');
  // The tombstone is repeated, and the repetition removes the first one.
  await publish('a');
  expect(await keysInLog()).toEqual(['a erased']);
  const close = await follow();
  expect(await view.completeness()).toMatchObject({ state: 'complete' });
  expect(await view.get('a')).toEqual({ key: 'a', n: Number.MAX_SAFE_INTEGER });
  await close();
});

it('a view that lost its last record to compaction is not taken for a view of a replaced log', async () => {
  const { publish, view, follow } = open();
  await publish('a', { n: 1, name: 'Ada' });
  await (await follow())();
  const running = await follow();
  await publish('a');
  await eventually(async () => expect(await view.get('a')).not.toHaveProperty('name'));
  await running();
  await (await follow())();
  expect(await view.completeness()).toMatchObject({ state: 'complete' });
});

it('a rebuild from a compacted log has every key, and the erased ones without a name', async () => {
  const { platform, store, log, publish, view, follow } = open();
  await publish('a', { n: 1, name: 'Ada' });
  await publish('b', { n: 1, name: 'Bea' });
  const close = await follow();
  await publish('a');
  await publish('b', { n: 2, name: 'Bob' });
  await eventually(async () => expect(await view.get('a')).not.toHaveProperty('name'));
  await eventually(async () => expect(await view.get('b')).toMatchObject({ name: 'Bob' }));
  const outcome = await rebuild(
    {
      projection: namedThings,
      log,
      stores: createStores({ store, secondaryStore: platform.stateStore }),
      primaryStore: 'primary',
      toDisplayValue: (thing) => thing?.name ?? 'none',
      now: Date.now,
      holder: 'a test',
      report: () => {},
      progress: noProgress,
      pointerExpiryMs: 0,
      recheckAfterMs: 1,
    },
    { inPlace: false, acceptDifferences: false },
  );
  expect(outcome).toMatchObject({ switched: true, differences: [], generation: { number: 2 } });
  expect(await view.completeness()).toMatchObject({ state: 'complete', generation: { number: 2 } });
  expect(await view.get('a')).toEqual({ key: 'a', n: Number.MAX_SAFE_INTEGER });
  expect(await view.get('b')).toMatchObject({ name: 'Bob' });
  await close();
});

it.each([1, 2])('erased keys stay erased on a bus and a store with injected faults (seed %i)', async (seed) => {
  const random = createSeededRandom(seed);
  const platform = openEmbeddedPlatform(':memory:', [namedThings.topic, namedThings.deadLetters]);
  const embedded = platform.eventBus('group');
  const bus = withBusFaults(embedded, random);
  const store = platform.stateStore('primary');
  const context = {
    ...createTestRuntime(),
    bus,
    store: withStoreFaults(store, random),
    topicLog: platform.logReader(),
  };
  const running = await startProjection(namedThings, context);
  const view = openView<NamedThing>(namedThings, store);
  const publish = (key: string, value: string) =>
    eventually(() => bus.publish(topic, [{ id: key, key, value: Buffer.from(value) }]));
  const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`);
  const becomes = (shown: (key: string, n: number) => NamedThing) =>
    eventually(async () => {
      expect(await view.completeness()).toMatchObject({ state: 'complete' });
      for (const [n, key] of keys.entries()) expect(await view.get(key)).toEqual(shown(key, n));
    });
  for (const n of [1, 2, 3]) for (const key of keys) await publish(key, JSON.stringify({ key, n, name: key }));
  await becomes((key) => ({ key, n: 3, name: key }));
  // Without faults, because a repeated tombstone would remove one that is not delivered yet, and the view would wait for it.
  await embedded.publish(
    topic,
    keys.slice(0, 10).map((key) => ({ id: key, key, value: Buffer.alloc(0) })),
  );
  // The bus still repeats deliveries of records that the log no longer has.
  await becomes((key, n) => (n < 10 ? { key, n: Number.MAX_SAFE_INTEGER } : { key, n: 3, name: key }));
  await running.close();
  platform.close();
});
