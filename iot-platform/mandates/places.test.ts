import { afterEach, describe, expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { createProjectionWriter, parseBatch } from '../../packages/projections/apply/index.ts';
import { discardDeadLetters } from '../../packages/projections/dead-letters/index.ts';
import { startDriftDetection } from '../../packages/projections/drift/index.ts';
import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import { createStores } from '../../packages/projections/generations/index.ts';
import { openView } from '../../packages/projections/view.ts';
import { eventually } from '../../tests/eventually.ts';
import { createInMemoryLog } from '../../tests/log-in-memory.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import type { Mandate } from './mandate.ts';
import { mandates } from './materialise.ts';

const topic = topics.connectionMandates.name;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const record = (offset: number, level: string, timestamp = noon + offset): DeliveredRecord => ({
  topic,
  partition: 0,
  offset,
  key: '7733',
  timestamp,
  value: Buffer.from(JSON.stringify({ connectionId: '7733', connectionMandate: level })),
});

/** A view on a log with one partition. */
const openMandates = (records: DeliveredRecord[]) => {
  const log = createInMemoryLog([{ begin: 0, end: records.length, records }]);
  const store = openEmbeddedPlatform(':memory:', []).stateStore('statestore');
  const stores = createStores({ store });
  const write = createProjectionWriter(mandates, { stores, newId: () => 'id', log });
  const deliver = (...delivered: readonly DeliveredRecord[]) => parseBatch(mandates, delivered).then(write);
  const view = openView<Mandate>(mandates, store);
  const startDetection = () => {
    const bus = { committedOffsets: async () => new Map<number, number>() };
    const drift = startDriftDetection(mandates, { ...createTestRuntime(), store, bus, topicLog: log });
    closing.push(drift.close);
  };
  const level = async () => (await view.get('7733'))?.connectionMandate;
  return { log, store, stores, deliver, view, startDetection, level };
};
const readsAsDeadLetter = { code: 'record-dead-lettered' };

describe('a partition or offset that the log does not have', () => {
  const forged: DeliveredRecord = { ...record(0, '2'), hasReservedHeaders: true };
  it.each([{ offset: 1_000_000 }, { partition: 77 }])('does not make a record later than it is: %o', async (place) => {
    const { deliver, level } = openMandates([forged, record(1, '0')]);
    await deliver({ ...record(0, '2'), ...place });
    await deliver(record(1, '0'));
    expect(await level()).toBe('0');
  });

  it('hides no later unreadable record', async () => {
    const { deliver, level } = openMandates([forged, record(1, '7')]);
    await deliver({ ...record(0, '2'), offset: 1_000_000 });
    await deliver(record(1, '7'));
    await expect(level()).rejects.toMatchObject(readsAsDeadLetter);
  });
});

describe('in a replaced log', () => {
  const discarded = async () => {
    const { deliver, stores, ...rest } = openMandates([record(0, '1'), record(1, '7')]);
    await deliver(record(0, '1'), record(1, '7'));
    await discardDeadLetters(mandates, stores, [{ partition: 0, offset: 1, key: '7733' }]);
    expect(await rest.level()).toBe('1');
    rest.log.partitions[0] = { begin: 0, end: 2, records: [record(0, '2', noon + 9), record(1, '7', noon + 9)] };
    return { deliver, ...rest };
  };
  const marksOf = async (store: { getMany(keys: string[]): Promise<Map<string, { value: unknown }>> }) =>
    ((await store.getMany(['7733'])).get('7733')?.value as { deadLetters?: unknown }).deadLetters;

  it('discarded offsets of the old log do not apply to delivered records', async () => {
    const { deliver, store, log } = await discarded();
    await deliver(...(log.partitions[0]?.records ?? []));
    expect(await marksOf(store)).toEqual([[0, 1]]);
  });

  it('discarded offsets of the old log do not apply when drift detection notices the replacement first', async () => {
    const { deliver, view, store, log, startDetection } = await discarded();
    startDetection();
    await eventually(async () => expect(await view.completeness()).toMatchObject({ state: 'incomplete' }));
    await deliver(...(log.partitions[0]?.records ?? []));
    expect(await marksOf(store)).toEqual([[0, 1]]);
  });
});
