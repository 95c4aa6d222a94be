import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { createInMemoryLog } from '../../../tests/log-in-memory.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { parseBatch } from '../apply/parse-batch.ts';
import { createProjectionWriter } from '../apply/write.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { createStores } from '../generations/stores.ts';
import { openView } from '../view.ts';
import { startDriftDetection } from './detect-drift.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const record = (offset: number, key = `K${offset}`): DeliveredRecord => thingRecord({ key, n: offset }, 0, offset);

/** A view on a log of two partitions; the first holds records at these offsets. */
const openThings = (offsets: readonly number[], { begin = 0, end = (offsets.at(-1) ?? -1) + 1 } = {}) => {
  const held = offsets.map((offset) => record(offset));
  const log = createInMemoryLog([
    { begin, end, records: held },
    { begin: 0, end: 0, records: [] },
  ]);
  const store = openEmbeddedPlatform(':memory:', []).stateStore('store');
  const write = createProjectionWriter(things, { stores: createStores({ store }), newId: () => 'id', log });
  const deliver = (...records: readonly DeliveredRecord[]) => parseBatch(things, records).then(write);
  const view = openView<Thing>(things, store);
  const completeness = () => view.completeness();
  const apply = (records: readonly DeliveredRecord[]) => deliver(...records);
  const startDetection = (committedOffsets: ReadonlyMap<number, number> = new Map()) => {
    const bus = { committedOffsets: async () => committedOffsets };
    const drift = startDriftDetection(things, { ...createTestRuntime(), store, bus, topicLog: log, apply });
    closing.push(drift.close);
    return drift;
  };
  // Sooner than after 30 s, when gaps are looked up again.
  const becomes = (expected: object) =>
    eventually(async () => expect(await completeness()).toMatchObject(expected), { timeout: 20_000 });
  /** Compares the view with the log once, and stores what it finds. */
  const compare = async (committedOffsets?: ReadonlyMap<number, number>) => {
    const { hasCompared } = startDetection(committedOffsets);
    await eventually(() => expect(hasCompared()).toBe(true));
  };
  return { log, store, deliver, view, completeness, startDetection, compare, becomes };
};

const complete = { state: 'complete' };
const missing = (...ranges: [number, number][]) => ({ state: 'incomplete', partitions: { 0: { missing: ranges } } });

describe('an offset without a record', () => {
  it('is not missing, and the log is read once for a whole batch', async () => {
    const { deliver, completeness, log } = openThings([1, 3, 5, 7, 9]);
    await deliver(...[1, 3, 5, 7, 9].map((offset) => record(offset)));
    expect(await completeness()).toMatchObject({ ...complete, partitions: { 0: { applied: 9, missing: [] } } });
    expect(log.reads).toBe(1);
  });

  it('causes no read of the log when offsets follow each other', async () => {
    const { deliver, completeness, log } = openThings([0, 1, 2]);
    await deliver(record(0), record(1));
    await deliver(record(2));
    expect(await completeness()).toMatchObject(complete);
    expect(log.reads).toBe(0);
  });

  it('may be the last offset of the log', async () => {
    const { deliver, startDetection, becomes } = openThings([0], { end: 2 });
    await deliver(record(0));
    startDetection();
    await becomes({ ...complete, partitions: { 0: { applied: 1 } } });
  });
});

describe('a record that the log holds and that was never delivered', () => {
  it('is missing, while offsets without a record before it are not', async () => {
    const { deliver, completeness } = openThings([0, 4, 7]);
    await deliver(record(0), record(7));
    expect(await completeness()).toMatchObject(missing([4, 6]));
  });

  it('stays missing in every comparison until it is delivered', async () => {
    const { deliver, compare, completeness, becomes, log } = openThings([0, 4, 7]);
    await deliver(record(0), record(7));
    await compare();
    expect(log.reads).toBeGreaterThan(2);
    expect(await completeness()).toMatchObject(missing([4, 6]));
    await deliver(record(4));
    await becomes(complete);
  });

  it('is missing when the group has committed it, without a later record', async () => {
    const { deliver, startDetection, becomes } = openThings([0, 1, 2]);
    await deliver(record(0));
    startDetection(new Map([[0, 3]]));
    await becomes(missing([1, 2]));
  });
});

describe('an offset that was committed to a topic before it was deleted', () => {
  it('is after the end of the new topic, so nothing is missing', async () => {
    const { deliver, compare, completeness, log } = openThings([0, 1, 2]);
    await deliver(record(0), record(1), record(2));
    await compare(new Map([[0, 50]]));
    expect(log.reads).toBe(1);
    expect(await completeness()).toMatchObject({ ...complete, partitions: { 0: { applied: 2, missing: [] } } });
  });
});

describe('a view before its first comparison with the log', () => {
  it('does not answer from a store that was restored from a backup', async () => {
    const { deliver, startDetection, store } = openThings([0, 1, 2]);
    await deliver(record(0));
    const { partitions } = startDetection(new Map([[0, 3]]));
    const first = openView<Thing>(things, store, { partitions });
    await expect(first.get('K0')).rejects.toMatchObject({ code: 'view-incomplete' });
  });

  it('refuses while the broker is unavailable, and answers afterwards', async () => {
    const { deliver, startDetection, store, log } = openThings([0]);
    await deliver(record(0));
    log.isUnavailable = true;
    const { partitions } = startDetection();
    const first = openView<Thing>(things, store, { partitions });
    await expect(first.get('K0')).rejects.toMatchObject({ code: 'log-unavailable' });
    log.isUnavailable = false;
    await eventually(async () => expect(await first.get('K0')).toMatchObject({ key: 'K0' }));
    log.isUnavailable = true;
    expect(await first.get('K0')).toMatchObject({ key: 'K0' });
  });
});

describe('a log that cannot be read', () => {
  it('leaves a gap missing until it can be read', async () => {
    const { deliver, completeness, startDetection, becomes, log } = openThings([0, 7]);
    log.isUnavailable = true;
    await deliver(record(0), record(7));
    expect(await completeness()).toMatchObject(missing([1, 6]));
    log.isUnavailable = false;
    startDetection();
    await becomes(complete);
  });
});

it('a gap is closed although the view is written all the time while the log is read', async () => {
  const { deliver, completeness, startDetection, becomes, log } = openThings([
    0,
    ...Array.from({ length: 200 }, (_, n) => 7 + n),
  ]);
  log.isUnavailable = true;
  await deliver(record(0), record(7));
  expect(await completeness()).toMatchObject(missing([1, 6]));
  log.isUnavailable = false;
  let next = 8;
  const { read } = log;
  Object.assign(log, {
    read: async (...args: Parameters<typeof read>) => {
      await deliver(record(next++));
      return read(...args);
    },
  });
  startDetection();
  await becomes(complete);
});

it('a read waits for the first comparison with the log', async () => {
  const { deliver, store, startDetection, log } = openThings([0, 1]);
  await deliver(record(0));
  const { read } = log;
  let [begin, answer] = [() => {}, () => {}];
  const readStarted = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const readReleased = new Promise<void>((resolve) => {
    answer = resolve;
  });
  Object.assign(log, {
    read: async (...args: Parameters<typeof read>) => {
      begin();
      await readReleased;
      return read(...args);
    },
  });
  const { partitions } = startDetection(new Map([[0, 2]]));
  await readStarted;
  const outcome = openView<Thing>(things, store, { partitions })
    .get('K0')
    .catch((error: unknown) => error);
  answer();
  expect(await outcome).toMatchObject({ code: 'view-incomplete' });
});

describe('a truncated log', () => {
  it('no longer shows what it held before: these offsets are lost', async () => {
    const { deliver, completeness, view } = openThings([5, 6], { begin: 5 });
    await deliver(record(5), record(6));
    expect(await completeness()).toMatchObject({
      ...missing([0, 4]),
      partitions: { 0: { lost: 'log-truncated' } },
    });
    await expect(view.get('K5')).rejects.toMatchObject({
      code: 'view-incomplete',
      remedy: expect.stringContaining('npm run rebuild -- --from-crm'),
    });
  });

  it('is noticed without a new record', async () => {
    const { deliver, startDetection, becomes, log } = openThings([0, 1]);
    await deliver(record(0));
    Object.assign(log.partitions[0] as object, { begin: 2, end: 2, records: [] });
    startDetection();
    await becomes({ state: 'incomplete', partitions: { 0: { lost: 'log-truncated' } } });
  });

  it('loses nothing when the view had read all of it', async () => {
    const { deliver, compare, completeness, log } = openThings([0, 1]);
    await deliver(record(0), record(1));
    Object.assign(log.partitions[0] as object, { begin: 2, end: 2, records: [] });
    await compare();
    expect(log.reads).toBe(0);
    expect(await completeness()).toMatchObject(complete);
  });
});

describe('a replaced log', () => {
  const replacedBy = (offsets: readonly number[]) => {
    const records = offsets.map((offset) => ({ ...record(offset), timestamp: 9 }));
    return { begin: 0, end: offsets.length, records };
  };

  it.each([
    ['is recognised while it is shorter', [0]],
    ['is recognised when it has grown past the view', [0, 1, 2, 3, 4]],
  ])('%s', async (_, offsets) => {
    const { deliver, startDetection, becomes, log } = openThings([0, 1, 2]);
    await deliver(record(0), record(1), record(2));
    log.partitions[0] = replacedBy(offsets);
    startDetection();
    await becomes({ state: 'incomplete', partitions: { 0: { lost: 'log-replaced' } } });
  });

  it('is recognised after a rebuild or an update, which left the last record unknown', async () => {
    const { deliver, store, startDetection, becomes, log } = openThings([0, 1, 2]);
    await deliver(record(0), record(1), record(2));
    const key = 'position:things:things-topic:0';
    const held = (await store.getMany([key])).get(key);
    const value = { generations: { 1: { applied: 2, missing: [] } } };
    await store.transact([{ key, value, etag: held?.etag }]);
    const drift = startDetection();
    await becomes({ ...complete, partitions: { 0: { last: { offset: 2, timestamp: 0 } } } });
    await drift.close();
    log.partitions[0] = replacedBy([0, 1, 2, 3, 4]);
    startDetection();
    await becomes({ state: 'incomplete', partitions: { 0: { lost: 'log-replaced' } } });
  });

  it('is recognised by another record at the offset of the last one', async () => {
    const { deliver, completeness, log } = openThings([0, 1, 2]);
    await deliver(record(0), record(1), record(2));
    log.partitions[0] = replacedBy([0, 1, 2, 3]);
    await deliver(...(log.partitions[0]?.records ?? []));
    expect(await completeness()).toMatchObject({
      state: 'incomplete',
      partitions: { 0: { lost: 'log-replaced', applied: 3, last: { offset: 3, timestamp: 9 } } },
    });
  });

  it('is not assumed when the last record is delivered again', async () => {
    const { deliver, completeness, compare, log } = openThings([0, 1, 2]);
    await deliver(record(0), record(1), record(2));
    await deliver(record(2));
    await compare();
    expect(log.reads).toBe(1);
    expect(await completeness()).toMatchObject(complete);
  });
});

describe('a record delivered with a partition or offset from its own headers', () => {
  const forged = (place: object, key = 'F') => ({ ...record(1, key), ...place });

  it.each([
    ['after the end', { offset: 1_000_000 }],
    ['in a partition that does not exist', { partition: 77 }],
    ['at the beginning of a partition that does not exist', { partition: 77, offset: 0 }],
  ])('%s is applied, and affects no other record', async (_, place) => {
    const { deliver, completeness, view, store, log } = openThings([0, 1, 2]);
    (log.partitions[0]?.records[1] as { hasReservedHeaders?: true }).hasReservedHeaders = true;
    await deliver(record(0), forged(place), record(2));
    expect(await completeness()).toMatchObject({ ...complete, partitions: { 0: { applied: 2 } } });
    expect(await view.get('F')).toMatchObject({ key: 'F' });
    expect(await store.getMany(['position:things:things-topic:77'])).toEqual(new Map());
  });

  it('that another record has is read from the log, so its own offset is not missing', async () => {
    const { deliver, completeness, view, log } = openThings([0, 1, 2]);
    (log.partitions[0]?.records[1] as { hasReservedHeaders?: true }).hasReservedHeaders = true;
    await deliver(record(0), forged({ offset: 0 }, 'K1'));
    await deliver(record(2));
    expect(await completeness()).toMatchObject(complete);
    expect(await view.get('K1')).toMatchObject({ key: 'K1' });
  });

  it.each([
    ['and that was never delivered is applied from the log', new Map([[0, 3]])],
    ['is applied from the log without a later record', new Map()],
  ])('%s', async (_, committedOffsets) => {
    const { deliver, view, startDetection, becomes, log } = openThings([0, 1, 2]);
    (log.partitions[0]?.records[2] as { hasReservedHeaders?: true }).hasReservedHeaders = true;
    await deliver(record(0), record(1));
    startDetection(committedOffsets);
    await becomes({ ...complete, partitions: { 0: { applied: 2, missing: [] } } });
    expect(await view.get('K2')).toMatchObject({ key: 'K2' });
  });
});

it('a last record without a time in the log is not taken for a replaced log', async () => {
  const { deliver, completeness, startDetection, log } = openThings([0, 1]);
  const noTime = log.partitions[0]?.records[1] as { timestamp: number };
  noTime.timestamp = -1;
  await deliver(record(0), { ...record(1), timestamp: 1_000 });
  startDetection();
  await eventually(() => expect(log.reads).toBe(1));
  await deliver({ ...record(1), timestamp: 2_000 });
  expect(await completeness()).toMatchObject(complete);
});
