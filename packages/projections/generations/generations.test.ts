import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { parseBatch } from '../apply/parse-batch.ts';
import { createProjectionWriter } from '../apply/write.ts';
import type { StateStore } from '../state-store.ts';
import { openView } from '../view.ts';
import { type CheckpointDocument, checkpointKey } from './checkpoint-document.ts';
import { changePointer, type Pointer, pointerKey } from './pointer.ts';
import { createStores } from './stores.ts';

const checkpoint = checkpointKey(things.name, things.topic.name, 0);
const initial = { applied: -1, missing: [] };
/** The checkpoint of a partition whose last record has this offset. */
const readTo = (offset: number, missing: [number, number][] = []) => ({
  applied: offset,
  missing,
  last: { offset, timestamp: 0 },
});

const openThings = (disturb: (store: StateStore) => StateStore = (store) => store) => {
  const platform = openEmbeddedPlatform(':memory:', [things.topic]);
  const store = platform.stateStore('primary');
  const other = platform.stateStore('other');
  const stores = createStores({ store: disturb(store), secondaryStore: platform.stateStore });
  const write = createProjectionWriter(things, { stores, newId: randomUUID, log: undefined });
  const deliver = (...changes: [Thing, offset: number][]) => {
    const batch = changes.map(([thing, offset]) => thingRecord(thing, 0, offset));
    return parseBatch(things, batch).then(write);
  };
  const value = async (key: string, from = store) => (await from.getMany([key])).get(key)?.value;
  const put = async (key: string, document: unknown) => {
    const etag = (await store.getMany([key])).get(key)?.etag;
    await store.transact([{ key, value: document, etag }]);
  };
  const registerAll = (document: CheckpointDocument) => put(checkpoint, document);
  const changeGenerationPointer = (change: Partial<Pointer>) =>
    changePointer(store, things.name, (held) => ({ ...held, ...change }));
  let clock = 0;
  const view = openView<Thing>(things, disturb(store), { secondaryStore: platform.stateStore, clock: () => clock });
  const wait = (ms: number) => {
    clock += ms;
  };
  return { store, other, deliver, value, put, registerAll, changeGenerationPointer, view, wait };
};

/** Blocks the first such call until it is released, and reports when it was reached. */
const blockFirst = (store: StateStore, call: 'getMany' | 'transact') => {
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
  const blocking: StateStore = {
    ...store,
    [call]: async (argument: never) => {
      if (call === 'transact') await hold();
      const answer = await store[call](argument);
      if (call === 'getMany') await hold();
      return answer;
    },
  };
  return { blocking, reached, release: () => release() };
};

describe('a writer', () => {
  it('writes plain keys for the first generation, with one read and one write per batch', async () => {
    const calls: string[] = [];
    const { deliver, value } = openThings((store) => ({
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
    expect(calls).toEqual([`read A,B,${checkpoint}`, `write A,B,${checkpoint}`]);
    expect(await value('A')).toEqual({ key: 'A', n: 2 });
  });

  it('writes into every generation that is registered, each with its own checkpoint', async () => {
    const { deliver, value, registerAll } = openThings();
    await deliver([{ key: 'A', n: 1 }, 0]);
    await registerAll({ generations: { 1: { applied: 0, missing: [] }, 2: initial } });
    await deliver([{ key: 'A', n: 2 }, 1]);
    for (const key of ['A', 'g2:A']) expect(await value(key)).toEqual({ key: 'A', n: 2 });
    expect(await value(checkpoint)).toEqual({
      generations: { 1: readTo(1), 2: readTo(1, [[0, 0]]) },
    });
  });

  it('writes into a registered secondary store, with its own checkpoints', async () => {
    const { deliver, value, registerAll, other } = openThings();
    await registerAll({ generations: { 1: initial }, also: ['other'] });
    await other.transact([{ key: checkpoint, value: { generations: { 2: initial } } }]);
    await deliver([{ key: 'A', n: 1 }, 0]);
    expect(await value('A')).toEqual({ key: 'A', n: 1 });
    expect(await value('g2:A', other)).toEqual({ key: 'A', n: 1 });
    expect(await value(checkpoint, other)).toEqual({ generations: { 2: readTo(0) } });
  });

  it('reads a checkpoint that was stored before generations were introduced', async () => {
    const { deliver, value, put } = openThings();
    await put(checkpoint, { applied: 4, missing: [[1, 2]] });
    await deliver([{ key: 'A', n: 1 }, 5]);
    expect(await value(checkpoint)).toEqual({ generations: { 1: readTo(5, [[1, 2]]) } });
  });

  it('takes the generations from the pointer where a partition has no checkpoint yet', async () => {
    const { deliver, value, changeGenerationPointer } = openThings();
    await changeGenerationPointer({ answering: { number: 3 }, previous: [{ number: 2 }] });
    await deliver([{ key: 'A', n: 1 }, 0]);
    for (const key of ['g2:A', 'g3:A']) expect(await value(key)).toEqual({ key: 'A', n: 1 });
    expect(await value('A')).toBeUndefined();
  });

  it('that was suspended while a generation was registered writes into it afterwards', async () => {
    let pause: ReturnType<typeof blockFirst> | undefined;
    const { deliver, value, registerAll } = openThings((store) => {
      pause ??= blockFirst(store, 'transact');
      return pause.blocking;
    });
    await registerAll({ generations: { 1: initial } });
    const suspended = deliver([{ key: 'A', n: 1 }, 0]);
    await pause?.reached;
    await registerAll({ generations: { 1: initial, 2: initial } });
    pause?.release();
    await suspended;
    for (const key of ['A', 'g2:A']) expect(await value(key)).toEqual({ key: 'A', n: 1 });
    await deliver([{ key: 'A', n: 2 }, 1]);
    expect(await value('g2:A')).toEqual({ key: 'A', n: 2 });
  });

  it('that was suspended while its generation was unregistered does not register it again', async () => {
    let pause: ReturnType<typeof blockFirst> | undefined;
    const { deliver, value, registerAll } = openThings((store) => {
      pause ??= blockFirst(store, 'transact');
      return pause.blocking;
    });
    await registerAll({ generations: { 1: initial, 2: initial } });
    const suspended = deliver([{ key: 'A', n: 1 }, 0]);
    await pause?.reached;
    await registerAll({ generations: { 2: initial } });
    pause?.release();
    await suspended;
    expect(await value('g2:A')).toEqual({ key: 'A', n: 1 });
    expect(await value('A')).toBeUndefined();
    expect(await value(checkpoint)).toEqual({ generations: { 2: readTo(0) } });
  });

  it('sees a new registration in a batch of duplicates', async () => {
    const { deliver, value, registerAll } = openThings();
    await deliver([{ key: 'A', n: 1 }, 0]);
    await registerAll({ generations: { 1: { applied: 0, missing: [] }, 2: { applied: 0, missing: [] } } });
    await deliver([{ key: 'A', n: 1 }, 0]);
    expect(await value('g2:A')).toEqual({ key: 'A', n: 1 });
  });
});

describe('a reader', () => {
  const one = { key: 'A', n: 1 };
  const two = { key: 'A', n: 2 };

  it('follows the pointer within a second', async () => {
    const { view, put, changeGenerationPointer, wait } = openThings();
    await put('A', one);
    await put('g2:A', two);
    expect(await view.get('A')).toEqual(one);
    await changeGenerationPointer({ answering: { number: 2 } });
    wait(1_000);
    expect(await view.get('A')).toEqual(two);
  });

  it('never reports a key as absent because of an old pointer', async () => {
    const { view, put, changeGenerationPointer, store } = openThings();
    await put('A', one);
    await view.get('A');
    await put('g2:A', two);
    await changeGenerationPointer({ answering: { number: 2 } });
    await store.remove(['A']);
    expect(await view.get('A')).toEqual(two);
  });

  it('that was suspended during a read reads again, because its generation may be deleted', async () => {
    let pause: ReturnType<typeof blockFirst> | undefined;
    const { view, put, changeGenerationPointer, wait } = openThings((store) => {
      pause ??= blockFirst(store, 'getMany');
      return pause.blocking;
    });
    await put('A', one);
    await put('g2:A', two);
    const suspended = view.get('A');
    await pause?.reached;
    await changeGenerationPointer({ answering: { number: 2 } });
    wait(3_600_000);
    pause?.release();
    expect(await suspended).toEqual(two);
  });

  it('reads a secondary store when the pointer names it', async () => {
    const { view, other, changeGenerationPointer } = openThings();
    await other.transact([{ key: 'g2:A', value: two }]);
    await other.transact([{ key: checkpoint, value: { generations: { 2: { applied: 4, missing: [] } } } }]);
    await changeGenerationPointer({ answering: { number: 2, store: 'other' } });
    expect(await view.get('A')).toEqual(two);
    expect(await view.completeness()).toMatchObject({
      state: 'complete',
      generation: { number: 2, store: 'other' },
      partitions: { 0: { applied: 4 } },
    });
  });

  it('refuses while the active generation is being filled', async () => {
    const { view, put, changeGenerationPointer } = openThings();
    await put('A', one);
    await changeGenerationPointer({ unready: true });
    await expect(view.get('A')).rejects.toMatchObject({ code: 'view-rebuilding' });
    expect((await view.completeness()).state).toBe('rebuilding');
  });

  it('is incomplete when the writers do not write the secondary store that it reads', async () => {
    const { view, other, changeGenerationPointer, registerAll } = openThings();
    await other.transact([{ key: checkpoint, value: { generations: { 2: { applied: 4, missing: [] } } } }]);
    await changeGenerationPointer({ answering: { number: 2, store: 'other' }, previous: [{ number: 1 }] });
    await registerAll({ generations: { 1: { applied: 4, missing: [] } }, also: ['other'] });
    expect((await view.completeness()).state).toBe('complete');
    await registerAll({ generations: { 1: { applied: 4, missing: [] } } });
    expect((await view.completeness()).state).toBe('incomplete');
    await expect(view.get('A')).rejects.toMatchObject({ code: 'view-incomplete' });
  });

  it('is incomplete when its generation is not registered', async () => {
    const { view, registerAll, changeGenerationPointer } = openThings();
    await changeGenerationPointer({ answering: { number: 2 } });
    await registerAll({ generations: { 1: { applied: 4, missing: [] } } });
    expect((await view.completeness()).state).toBe('incomplete');
  });
});

it('two concurrent changes of a pointer are both kept', async () => {
  const { store, value } = openThings();
  const add = (number: number) =>
    changePointer(store, things.name, (held) => ({ ...held, previous: [...held.previous, { number }] }));
  await Promise.all([add(8), add(9)]);
  const { previous } = (await value(pointerKey(things.name))) as Pointer;
  expect(previous.map(({ number }) => number).sort()).toEqual([8, 9]);
});
