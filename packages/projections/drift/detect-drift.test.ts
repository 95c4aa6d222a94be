import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import type { Completeness } from '../completeness.ts';
import type { Projection } from '../declaration.ts';
import { startProjection } from '../projection.ts';
import type { StateStore } from '../state-store.ts';
import { openView } from '../view.ts';
import { startDriftDetection } from './detect-drift.ts';

const topic = { name: 'things-topic', partitions: 2, maxMessageBytes: 10_000 };
const deadLetters = { name: 'things-dead-letters', partitions: 1, maxMessageBytes: 10_000 };
const things: Projection<{ key: string }, { many: number }> = {
  name: 'things',
  topic,
  deadLetters,
  parse: ({ value }) => JSON.parse(value.toString()),
  key: ({ key }) => key,
  evolve: (held) => ({ many: (held?.many ?? 0) + 1 }),
};
/** The embedded bus puts these keys into partition 0 and 1. */
const keys = ['a', 'b'];

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const openThings = async () => {
  const platform = openEmbeddedPlatform(':memory:', [topic, deadLetters]);
  const bus = platform.eventBus('group');
  const publish = () =>
    bus.publish(
      topic.name,
      keys.map((key) => ({ id: key, key, value: Buffer.from(JSON.stringify({ key })) })),
    );
  const follow = async (store: StateStore) => {
    const topicLog = platform.logReader();
    const { close } = await startProjection(things, { ...createTestRuntime(), bus, store, topicLog });
    const total = async () =>
      [...(await bus.committedOffsets(topic.name)).values()].reduce((sum, next) => sum + next, 0);
    return { close, until: (many: number) => eventually(async () => expect(await total()).toBe(many)) };
  };
  const startDetection = (store: StateStore) => {
    const { stateStore: secondaryStore } = platform;
    const detection = startDriftDetection(things, {
      ...createTestRuntime(),
      bus,
      store,
      secondaryStore,
      topicLog: platform.logReader(),
    });
    closing.push(detection.close);
    return detection;
  };
  const becomes = (store: StateStore, state: Completeness['state']) =>
    eventually(async () => expect((await openView(things, store).completeness()).state).toBe(state));
  return { platform, publish, follow, startDetection, becomes };
};

/** Everything that the store holds under these keys. */
const copyOf = (store: StateStore, held: readonly string[]) => store.getMany(held);
const restore = async (into: StateStore, copy: Awaited<ReturnType<typeof copyOf>>) =>
  into.transact([...copy].map(([key, { value }]) => ({ key, value })));
const allKeys = [...keys, 'position:things:things-topic:0', 'position:things:things-topic:1'];

describe('drift detection', () => {
  it('finds no drift while the view follows the log', async () => {
    const { platform, publish, follow, startDetection, becomes } = await openThings();
    const store = platform.stateStore('store');
    const { until, close } = await follow(store);
    closing.push(close);
    const detection = startDetection(store);
    await publish();
    await until(2);
    startDetection(store);
    await becomes(store, 'complete');
    expect(detection.lostToEmptyStore()).toBe(0);
  });

  it('has compared only after the broker has answered', async () => {
    const { platform, startDetection } = await openThings();
    const store = platform.stateStore('store');
    let answer = (): void => {};
    const committed = new Promise<ReadonlyMap<number, number>>((resolve) => {
      answer = () => resolve(new Map());
    });
    const bus = { committedOffsets: () => committed };
    const waiting = startDriftDetection(things, { ...createTestRuntime(), bus, store, topicLog: platform.logReader() });
    closing.push(waiting.close);
    const detection = startDetection(store);
    await eventually(() => expect(detection.hasCompared()).toBe(true));
    expect(waiting.hasCompared()).toBe(false);
    answer();
    await eventually(() => expect(waiting.hasCompared()).toBe(true));
  });

  it('finds an older copy of the store without a new event, and the missing events repair it', async () => {
    const { platform, publish, follow, startDetection, becomes } = await openThings();
    const [store, restored] = [platform.stateStore('store'), platform.stateStore('restored')];
    const first = await follow(store);
    await publish();
    await first.until(2);
    const copy = await copyOf(store, allKeys);
    await publish();
    await first.until(4);
    await first.close();

    await restore(restored, copy);
    await becomes(restored, 'complete');
    startDetection(restored);
    await becomes(restored, 'incomplete');
    expect((await openView(things, restored).completeness()).partitions).toMatchObject({
      0: { applied: 1, missing: [[1, 1]] },
      1: { applied: 1, missing: [[1, 1]] },
    });
    await expect(openView(things, restored).get('a')).rejects.toMatchObject({ code: 'view-incomplete' });

    const again = await startProjection(things, {
      ...createTestRuntime(),
      bus: platform.eventBus('from the beginning'),
      store: restored,
    });
    closing.push(again.close);
    await becomes(restored, 'complete');
  });

  it('finds a partition that never reached the store, although others did', async () => {
    const { platform, publish, follow, startDetection, becomes } = await openThings();
    const [store, restored] = [platform.stateStore('store'), platform.stateStore('restored')];
    const first = await follow(store);
    await publish();
    await first.until(2);
    await first.close();
    await restore(restored, await copyOf(store, allKeys.slice(0, 3)));
    await becomes(restored, 'complete');
    startDetection(restored);
    await becomes(restored, 'incomplete');
  });

  it('finds a secondary store that the pointer names and the writers do not write', async () => {
    const { platform, publish, follow, startDetection, becomes } = await openThings();
    const [store, other] = [platform.stateStore('store'), platform.stateStore('other')];
    const { until, close } = await follow(store);
    closing.push(close);
    await publish();
    await until(2);
    await restore(other, await copyOf(store, allKeys));
    await store.transact([
      { key: 'generation:things', value: { answering: { number: 1, store: 'other' }, lastNumber: 1, previous: [] } },
    ]);
    await publish();
    await until(4);
    await becomes(other, 'complete');
    startDetection(store);
    await becomes(other, 'incomplete');
  });

  it('finds an empty store after a swap, and leaves it empty', async () => {
    const { platform, publish, follow, startDetection, becomes } = await openThings();
    const [store, other] = [platform.stateStore('store'), platform.stateStore('other')];
    const { until, close } = await follow(store);
    await publish();
    await until(2);
    await close();
    const detection = startDetection(other);
    await eventually(() => expect(detection.lostToEmptyStore()).toBe(2));
    await becomes(other, 'empty');
  });

  it.each([
    [2, 0],
    [12, 1],
  ])('after %d failures in a row it has warned %d times, because a new broker fails at first', async (fail, warnings) => {
    const { platform } = await openThings();
    const bus = platform.eventBus('group');
    let failures = 0;
    const failing = {
      ...bus,
      committedOffsets: (name: string) =>
        failures++ < fail ? Promise.reject(new Error('no coordinator')) : bus.committedOffsets(name),
    };
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
    const store = platform.stateStore('store');
    const context = { ...createTestRuntime(), log, bus: failing, store, secondaryStore: platform.stateStore };
    const detection = startDriftDetection(things, { ...context, topicLog: platform.logReader() });
    closing.push(detection.close);
    await eventually(() => expect(detection.hasCompared()).toBe(true));
    expect(lines.filter((line) => line.includes('will retry'))).toHaveLength(warnings);
  });
});
