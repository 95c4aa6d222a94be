import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { parseBatch } from '../apply/parse-batch.ts';
import { projectionWriter } from '../apply/write.ts';
import type { StateStore } from '../state-store.ts';
import { openView } from '../view.ts';
import { type CheckpointDocument, checkpointKey } from './checkpoint-document.ts';
import { changePointer, type Pointer, pointerKey } from './pointer.ts';
import { storesOf } from './stores.ts';

const position = checkpointKey(things.name, things.topic.name, 0);
const nowhere = { applied: -1, missing: [] };
/** What a writer says of a partition whose last record has this offset. */
const readTo = (offset: number, missing: [number, number][] = []) => ({
  applied: offset,
  missing,
  last: { offset, timestamp: 0 },
});

const opened = (disturb: (store: StateStore) => StateStore = (store) => store) => {
  const platform = openEmbeddedPlatform(':memory:', [things.topic]);
  const store = platform.stateStore('home');
  const other = platform.stateStore('other');
  const stores = storesOf({ store: disturb(store), secondaryStore: platform.stateStore });
  const write = projectionWriter(things, { stores, newId: randomUUID, log: undefined });
  const deliver = (...changes: [Thing, offset: number][]) => {
    const batch = changes.map(([thing, offset]) => thingRecord(thing, 0, offset));
    return parseBatch(things, batch).then(write);
  };
  const value = async (key: string, from = store) => (await from.getMany([key])).get(key)?.value;
  const put = async (key: string, document: unknown) => {
    const etag = (await store.getMany([key])).get(key)?.etag;
    await store.transact([{ key, value: document, etag }]);
  };
  const list = (document: CheckpointDocument) => put(position, document);
  const point = (change: Partial<Pointer>) => changePointer(store, things.name, (held) => ({ ...held, ...change }));
  let clock = 0;
  const view = openView<Thing>(things, disturb(store), { secondaryStore: platform.stateStore, clock: () => clock });
  const wait = (ms: number) => {
    clock += ms;
  };
  return { store, other, deliver, value, put, list, point, view, wait };
};

/** Holds the call until it is released, and says when it has been reached. */
const held = (store: StateStore, call: 'getMany' | 'transact') => {
  let arrived = () => {};
  let release = () => {};
  const reached = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let first = true;
  const hold = async () => {
    if (!first) return;
    first = false;
    arrived();
    await released;
  };
  const holding: StateStore = {
    ...store,
    [call]: async (argument: never) => {
      if (call === 'transact') await hold();
      const answer = await store[call](argument);
      if (call === 'getMany') await hold();
      return answer;
    },
  };
  return { holding, reached, release: () => release() };
};

describe('a writer', () => {
  it('with one generation writes plain keys, by one read and one write a batch', async () => {
    const calls: string[] = [];
    const { deliver, value } = opened((store) => ({
      ...store,
      getMany: (keys) => {
        calls.push(`read ${keys}`);
        return store.getMany(keys);
      },
      transact: (upserts) => {
        calls.push(`write ${upserts.map(({ key }) => key)}`);
        return store.transact(upserts);
      },
    }));
    await deliver([{ key: 'A', n: 1 }, 0]);
    calls.splice(0);
    expect(await deliver([{ key: 'A', n: 2 }, 1], [{ key: 'B', n: 1 }, 2])).toEqual({ applied: 2 });
    expect(calls).toEqual([`read A,B,${position}`, `write A,B,${position}`]);
    expect(await value('A')).toEqual({ key: 'A', n: 2 });
  });

  it('writes into every generation that is listed, each with its own position', async () => {
    const { deliver, value, list } = opened();
    await deliver([{ key: 'A', n: 1 }, 0]);
    await list({ generations: { 1: { applied: 0, missing: [] }, 2: nowhere } });
    await deliver([{ key: 'A', n: 2 }, 1]);
    for (const key of ['A', 'g2:A']) expect(await value(key)).toEqual({ key: 'A', n: 2 });
    expect(await value(position)).toEqual({
      generations: { 1: readTo(1), 2: readTo(1, [[0, 0]]) },
    });
  });

  it('writes into another store as well, where that is listed, with positions of its own', async () => {
    const { deliver, value, list, other } = opened();
    await list({ generations: { 1: nowhere }, also: ['other'] });
    await other.transact([{ key: position, value: { generations: { 2: nowhere } } }]);
    await deliver([{ key: 'A', n: 1 }, 0]);
    expect(await value('A')).toEqual({ key: 'A', n: 1 });
    expect(await value('g2:A', other)).toEqual({ key: 'A', n: 1 });
    expect(await value(position, other)).toEqual({ generations: { 2: readTo(0) } });
  });

  it('reads the position of a time before there were generations', async () => {
    const { deliver, value, put } = opened();
    await put(position, { applied: 4, missing: [[1, 2]] });
    await deliver([{ key: 'A', n: 1 }, 5]);
    expect(await value(position)).toEqual({ generations: { 1: readTo(5, [[1, 2]]) } });
  });

  it('learns of the generations from the pointer where a partition has no position yet', async () => {
    const { deliver, value, point } = opened();
    await point({ answering: { number: 3 }, previous: [{ number: 2 }] });
    await deliver([{ key: 'A', n: 1 }, 0]);
    for (const key of ['g2:A', 'g3:A']) expect(await value(key)).toEqual({ key: 'A', n: 1 });
    expect(await value('A')).toBeUndefined();
  });

  it('that slept while a generation was added writes into it when it wakes up', async () => {
    let pause: ReturnType<typeof held> | undefined;
    const { deliver, value, list } = opened((store) => {
      pause ??= held(store, 'transact');
      return pause.holding;
    });
    await list({ generations: { 1: nowhere } });
    const sleeping = deliver([{ key: 'A', n: 1 }, 0]);
    await pause?.reached;
    await list({ generations: { 1: nowhere, 2: nowhere } });
    pause?.release();
    await sleeping;
    for (const key of ['A', 'g2:A']) expect(await value(key)).toEqual({ key: 'A', n: 1 });
    await deliver([{ key: 'A', n: 2 }, 1]);
    expect(await value('g2:A')).toEqual({ key: 'A', n: 2 });
  });

  it('that slept while its generation was taken from the list does not list it again', async () => {
    let pause: ReturnType<typeof held> | undefined;
    const { deliver, value, list } = opened((store) => {
      pause ??= held(store, 'transact');
      return pause.holding;
    });
    await list({ generations: { 1: nowhere, 2: nowhere } });
    const sleeping = deliver([{ key: 'A', n: 1 }, 0]);
    await pause?.reached;
    await list({ generations: { 2: nowhere } });
    pause?.release();
    await sleeping;
    expect(await value('g2:A')).toEqual({ key: 'A', n: 1 });
    expect(await value('A')).toBeUndefined();
    expect(await value(position)).toEqual({ generations: { 2: readTo(0) } });
  });

  it('sees the list in a batch that brings nothing new', async () => {
    const { deliver, value, list } = opened();
    await deliver([{ key: 'A', n: 1 }, 0]);
    await list({ generations: { 1: { applied: 0, missing: [] }, 2: { applied: 0, missing: [] } } });
    await deliver([{ key: 'A', n: 1 }, 0]);
    expect(await value('g2:A')).toEqual({ key: 'A', n: 1 });
  });
});

describe('a reader', () => {
  const one = { key: 'A', n: 1 };
  const two = { key: 'A', n: 2 };

  it('follows the pointer within a second', async () => {
    const { view, put, point, wait } = opened();
    await put('A', one);
    await put('g2:A', two);
    expect(await view.get('A')).toEqual(one);
    await point({ answering: { number: 2 } });
    wait(1_000);
    expect(await view.get('A')).toEqual(two);
  });

  it('never says absent because its pointer is old', async () => {
    const { view, put, point, store } = opened();
    await put('A', one);
    await view.get('A');
    await put('g2:A', two);
    await point({ answering: { number: 2 } });
    await store.remove(['A']);
    expect(await view.get('A')).toEqual(two);
  });

  it('that slept on its way reads again: its generation may be gone by', async () => {
    let pause: ReturnType<typeof held> | undefined;
    const { view, put, point, wait } = opened((store) => {
      pause ??= held(store, 'getMany');
      return pause.holding;
    });
    await put('A', one);
    await put('g2:A', two);
    const sleeping = view.get('A');
    await pause?.reached;
    await point({ answering: { number: 2 } });
    wait(3_600_000);
    pause?.release();
    expect(await sleeping).toEqual(two);
  });

  it('asks another store where the pointer says so', async () => {
    const { view, other, point } = opened();
    await other.transact([{ key: 'g2:A', value: two }]);
    await other.transact([{ key: position, value: { generations: { 2: { applied: 4, missing: [] } } } }]);
    await point({ answering: { number: 2, store: 'other' } });
    expect(await view.get('A')).toEqual(two);
    expect(await view.completeness()).toMatchObject({
      state: 'complete',
      generation: { number: 2, store: 'other' },
      partitions: { 0: { applied: 4 } },
    });
  });

  it('says that it is being filled, and answers nothing', async () => {
    const { view, put, point } = opened();
    await put('A', one);
    await point({ unready: true });
    await expect(view.get('A')).rejects.toMatchObject({ code: 'view-rebuilding' });
    expect((await view.completeness()).state).toBe('rebuilding');
  });

  it('misses events where the writers were not told of the other store that it asks', async () => {
    const { view, other, point, list } = opened();
    await other.transact([{ key: position, value: { generations: { 2: { applied: 4, missing: [] } } } }]);
    await point({ answering: { number: 2, store: 'other' }, previous: [{ number: 1 }] });
    await list({ generations: { 1: { applied: 4, missing: [] } }, also: ['other'] });
    expect((await view.completeness()).state).toBe('complete');
    await list({ generations: { 1: { applied: 4, missing: [] } } });
    expect((await view.completeness()).state).toBe('incomplete');
    await expect(view.get('A')).rejects.toMatchObject({ code: 'view-incomplete' });
  });

  it('misses events where no writer keeps its generation up to date', async () => {
    const { view, list, point } = opened();
    await point({ answering: { number: 2 } });
    await list({ generations: { 1: { applied: 4, missing: [] } } });
    expect((await view.completeness()).state).toBe('incomplete');
  });
});

it('a pointer that two change at once has both changes', async () => {
  const { store, value } = opened();
  const add = (number: number) =>
    changePointer(store, things.name, (held) => ({ ...held, previous: [...held.previous, { number }] }));
  await Promise.all([add(8), add(9)]);
  const { previous } = (await value(pointerKey(things.name))) as Pointer;
  expect(previous.map(({ number }) => number).sort()).toEqual([8, 9]);
});
