import { describe, expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { asCheckpointDocument, type CheckpointDocument, checkpointKey } from '../generations/checkpoint-document.ts';
import type { StoredValue } from '../state-store.ts';
import { collectOffsets } from './delivered-offsets.ts';
import { parseBatch } from './parse-batch.ts';
import { areOffsetsExpected, decideNextStep, planWrites, type StoreRead } from './plan.ts';

const checkpoint = checkpointKey(things.name, things.topic.name, 0);
const readTo = (applied: number) => ({ applied, missing: [], last: { offset: applied, timestamp: 0 } });
const record = (offset: number, key = 'K'): DeliveredRecord => thingRecord({ key, n: offset }, 0, offset);
const unreadable = (offset: number): DeliveredRecord => ({
  ...record(offset),
  key: 'K',
  value: Buffer.from('nonsense'),
});

/** What a writer reads from a store with this checkpoint document and these things. */
const read = (document: CheckpointDocument, held: Record<string, Thing> = {}): StoreRead => ({
  held: new Map<string, StoredValue>(
    Object.entries({ ...held, [checkpoint]: document }).map(([key, value]) => [key, { value, etag: `etag of ${key}` }]),
  ),
  documents: new Map([[checkpoint, document]]),
});
const plan = async (
  store: StoreRead,
  records: readonly DeliveredRecord[],
  { writeId = '', isReplaced = false } = {},
) => {
  const { byKey } = await parseBatch({ ...things, keyOfUnreadable: ({ key }) => key }, records);
  const offsets = [...collectOffsets(things, records)].map(([key, delivered]) => {
    const log = isReplaced && { log: { begin: 0, empty: [], isReplaced } };
    return [key, { ...delivered, ...log }] as const;
  });
  return planWrites(things, { byKey, offsets: new Map(offsets) }, store, writeId || undefined);
};

describe('the step after a read', () => {
  it.each<[string, Parameters<typeof decideNextStep>[0], ReturnType<typeof decideNextStep>]>([
    ['another generation is registered', { read: [1], registered: [1, 2], isVerified: true }, 'read again'],
    [
      'another one is registered and the offsets are unexpected',
      { read: [1], registered: [2], isVerified: false },
      'read again',
    ],
    ['an offset is unexpected', { read: [1], registered: [1], isVerified: false }, 'verify with log'],
    ['everything is as expected', { read: [1], registered: [1], isVerified: true }, 'write'],
    ['fewer are registered than were read', { read: [1, 2], registered: [2], isVerified: true }, 'write'],
  ])('depends on the checkpoint documents: %s', (_, facts, step) => expect(decideNextStep(facts)).toBe(step));
});

describe('delivered offsets', () => {
  const offsets = (...records: DeliveredRecord[]) => collectOffsets(things, records);
  it.each<[string, boolean, DeliveredRecord[], StoreRead]>([
    ['that follow the checkpoint', true, [record(3), record(4)], read({ generations: { 1: readTo(2) } })],
    ['that are delivered again', true, [record(2)], read({ generations: { 1: readTo(2) } })],
    ['that skip one', false, [record(4)], read({ generations: { 1: readTo(2) } })],
    [
      'that skip one in one of two generations',
      false,
      [record(3)],
      read({ generations: { 1: readTo(2), 2: readTo(1) } }),
    ],
    [
      'of another record than the last one seen',
      false,
      [{ ...record(2), timestamp: 9 }],
      read({ generations: { 1: readTo(2) } }),
    ],
    [
      'of a partition that is new',
      false,
      [record(0)],
      { ...read({ generations: { 1: { applied: -1, missing: [] } } }), held: new Map() },
    ],
  ])('%s are expected: %s', (_, expected, records, store) =>
    expect(areOffsetsExpected(offsets(...records), store)).toBe(expected));
});

describe('a plan', () => {
  it('writes each registered generation, and the checkpoint last', async () => {
    const store = read({ generations: { 1: readTo(2), 2: readTo(2) } }, { K: { key: 'K', n: 2 } });
    const { upserts, counts, secondaryStores } = await plan(store, [record(3)]);
    expect(upserts.map(({ key, etag }) => [key, etag])).toEqual([
      ['K', 'etag of K'],
      ['g2:K', undefined],
      [checkpoint, `etag of ${checkpoint}`],
    ]);
    expect(asCheckpointDocument(upserts.at(-1)?.value)?.generations).toEqual({ 1: readTo(3), 2: readTo(3) });
    expect([counts, secondaryStores]).toEqual([{ applied: 1 }, []]);
  });

  it('writes nothing when nothing changes', async () => {
    const store = read({ generations: { 1: readTo(2) }, also: ['other'] }, { K: { key: 'K', n: 2 } });
    expect(await plan(store, [record(2)], { writeId: 'mine' })).toEqual({
      upserts: [],
      counts: { ignored: 1 },
      secondaryStores: ['other'],
    });
  });

  it('puts the write id into the checkpoint where writes are cached', async () => {
    const { upserts } = await plan(read({ generations: { 1: readTo(2) } }), [record(3)], { writeId: 'mine' });
    expect(upserts.at(-1)?.value).toMatchObject({ mark: 'mine' });
    expect((await plan(read({ generations: { 1: readTo(2) } }), [record(3)])).upserts.at(-1)?.value).not.toHaveProperty(
      'mark',
    );
  });

  it.each([
    ['marks the document that an unreadable record concerns', {}, false, [[0, 3]]],
    ['does not mark it when the dead letter was discarded', { discarded: [[3, 3]] }, false, undefined],
    ['marks it when the log was replaced since the discard', { discarded: [[3, 3]] }, true, [[0, 3]]],
  ] as [string, Partial<CheckpointDocument>, boolean, unknown][])('%s', async (_, change, isReplaced, marks) => {
    const store = read({ generations: { 1: readTo(2) }, ...change }, { K: { key: 'K', n: 2 } });
    const { upserts } = await plan(store, [unreadable(3)], { isReplaced });
    const written = upserts.find(({ key }) => key === 'K')?.value as { deadLetters?: unknown } | undefined;
    expect(written?.deadLetters).toEqual(marks);
  });
});
