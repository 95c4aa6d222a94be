import { describe, expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { asCheckpointDocument, type CheckpointDocument, checkpointKey } from '../generations/checkpoint-document.ts';
import type { StoredValue } from '../state-store.ts';
import { deliveredOffsets } from './delivered-offsets.ts';
import { parseBatch } from './parse-batch.ts';
import { areExpected, nextStep, planWrites, type StoreRead } from './plan.ts';

const position = checkpointKey(things.name, things.topic.name, 0);
const readTo = (applied: number) => ({ applied, missing: [], last: { offset: applied, timestamp: 0 } });
const record = (offset: number, key = 'K'): DeliveredRecord => thingRecord({ key, n: offset }, 0, offset);
const nonsense = (offset: number): DeliveredRecord => ({ ...record(offset), key: 'K', value: Buffer.from('nonsense') });

/** What a store holds that has this position document and these things. */
const read = (document: CheckpointDocument, held: Record<string, Thing> = {}): StoreRead => ({
  held: new Map<string, StoredValue>(
    Object.entries({ ...held, [position]: document }).map(([key, value]) => [key, { value, etag: `etag of ${key}` }]),
  ),
  documents: new Map([[position, document]]),
});
const plan = async (store: StoreRead, records: readonly DeliveredRecord[], { mark = '', isReplaced = false } = {}) => {
  const { byKey } = await parseBatch({ ...things, keyOfUnreadable: ({ key }) => key }, records);
  const offsets = [...deliveredOffsets(things, records)].map(([key, delivered]) => {
    const log = isReplaced && { log: { begin: 0, empty: [], isReplaced } };
    return [key, { ...delivered, ...log }] as const;
  });
  return planWrites(things, { byKey, offsets: new Map(offsets) }, store, mark || undefined);
};

describe('after a read', () => {
  it.each<[string, Parameters<typeof nextStep>[0], ReturnType<typeof nextStep>]>([
    ['another generation is registered', { read: [1], registered: [1, 2], isExplained: true }, 'read again'],
    [
      'another one is registered, whatever the offsets',
      { read: [1], registered: [2], isExplained: false },
      'read again',
    ],
    ['an offset is unexpected', { read: [1], registered: [1], isExplained: false }, 'ask the log'],
    ['all is as expected', { read: [1], registered: [1], isExplained: true }, 'write'],
    ['fewer are registered than were read', { read: [1, 2], registered: [2], isExplained: true }, 'write'],
  ])('%s', (_, facts, step) => expect(nextStep(facts)).toBe(step));
});

describe('offsets are expected', () => {
  const offsets = (...records: DeliveredRecord[]) => deliveredOffsets(things, records);
  it.each<[string, boolean, DeliveredRecord[], StoreRead]>([
    ['that follow the position', true, [record(3), record(4)], read({ generations: { 1: readTo(2) } })],
    ['that come again', true, [record(2)], read({ generations: { 1: readTo(2) } })],
    ['unless one is skipped', false, [record(4)], read({ generations: { 1: readTo(2) } })],
    ['unless a generation skips one', false, [record(3)], read({ generations: { 1: readTo(2), 2: readTo(1) } })],
    ['unless another record has one', false, [{ ...record(2), timestamp: 9 }], read({ generations: { 1: readTo(2) } })],
    [
      'unless the partition was never seen',
      false,
      [record(0)],
      { ...read({ generations: { 1: { applied: -1, missing: [] } } }), held: new Map() },
    ],
  ])('%s: %s', (_, expected, records, store) => expect(areExpected(offsets(...records), store)).toBe(expected));
});

describe('a plan', () => {
  it('writes each registered generation, and the position behind', async () => {
    const store = read({ generations: { 1: readTo(2), 2: readTo(2) } }, { K: { key: 'K', n: 2 } });
    const { upserts, counts, also } = await plan(store, [record(3)]);
    expect(upserts.map(({ key, etag }) => [key, etag])).toEqual([
      ['K', 'etag of K'],
      ['g2:K', undefined],
      [position, `etag of ${position}`],
    ]);
    expect(asCheckpointDocument(upserts.at(-1)?.value)?.generations).toEqual({ 1: readTo(3), 2: readTo(3) });
    expect([counts, also]).toEqual([{ applied: 1 }, []]);
  });

  it('writes nothing when nothing changes', async () => {
    const store = read({ generations: { 1: readTo(2) }, also: ['other'] }, { K: { key: 'K', n: 2 } });
    expect(await plan(store, [record(2)], { mark: 'mine' })).toEqual({
      upserts: [],
      counts: { ignored: 1 },
      also: ['other'],
    });
  });

  it('marks the position where writes are remembered', async () => {
    const { upserts } = await plan(read({ generations: { 1: readTo(2) } }), [record(3)], { mark: 'mine' });
    expect(upserts.at(-1)?.value).toMatchObject({ mark: 'mine' });
    expect((await plan(read({ generations: { 1: readTo(2) } }), [record(3)])).upserts.at(-1)?.value).not.toHaveProperty(
      'mark',
    );
  });

  it.each([
    ['marks the document that an unreadable record concerns', {}, false, [[0, 3]]],
    ['leaves it unmarked where the record was discarded', { discarded: [[3, 3]] }, false, undefined],
    ['marks it where another log has another record there', { discarded: [[3, 3]] }, true, [[0, 3]]],
  ] as [string, Partial<CheckpointDocument>, boolean, unknown][])('%s', async (_, change, isReplaced, marks) => {
    const store = read({ generations: { 1: readTo(2) }, ...change }, { K: { key: 'K', n: 2 } });
    const { upserts } = await plan(store, [nonsense(3)], { isReplaced });
    const written = upserts.find(({ key }) => key === 'K')?.value as { deadLetters?: unknown } | undefined;
    expect(written?.deadLetters).toEqual(marks);
  });
});
