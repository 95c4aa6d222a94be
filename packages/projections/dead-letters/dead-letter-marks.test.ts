import { describe, expect, it } from 'vitest';
import {
  addMark,
  clearMarks,
  joinMarks,
  listOpenMarks,
  noMarks,
  type PlacePair,
  placeOf,
  removeMarks,
  splitMarks,
} from './dead-letter-marks.ts';

const record = { topic: 't', value: Buffer.alloc(0), timestamp: 0 };
const recordAt = (partition: number, offset: number) => ({ ...record, partition, offset });
const replayOf = (offset: number) => ({ ...recordAt(0, 99), replayOf: { partition: 0, offset } });
const mark = (...places: PlacePair[]) => places.reduce(addMark, noMarks);
const at = (partition: number, offset: number) => ({ at: [partition, offset] as const });
const marks = mark([0, 5], [0, 7], [1, 6]);

describe('the dead-letter marks of a document', () => {
  it('are stored next to its content, and may be stored without content', () => {
    expect(splitMarks(undefined)).toEqual({ document: undefined, marks: noMarks });
    expect(splitMarks({ n: 1 })).toEqual({ document: { n: 1 }, marks: noMarks });
    for (const marked of [
      { document: { n: 1 }, marks },
      { document: { n: 1, ...at(0, 6) }, marks },
      { document: { n: 1 }, marks: clearMarks(noMarks, replayOf(5), { document: { n: 1 }, hasChanged: false }) },
      { document: undefined, marks },
      { document: undefined, marks: noMarks },
    ])
      expect(splitMarks(joinMarks(marked))).toEqual(marked);
    expect(joinMarks({ document: { n: 1 }, marks: noMarks })).toEqual({ n: 1 });
  });

  it('of earlier versions can be read', () =>
    expect(splitMarks({ n: 1, deadLetters: [[0, 5]] })).toEqual({ document: { n: 1 }, marks: mark([0, 5]) }));

  it('are stored so that an earlier version, which knows only `deadLetters`, refuses for the open ones', () =>
    expect(joinMarks({ document: { n: 1, ...at(0, 6) }, marks })).toEqual({
      n: 1,
      ...at(0, 6),
      deadLetters: [
        [0, 7],
        [1, 6],
      ],
      supersededDeadLetters: [[0, 5]],
    }));

  it.each([
    [
      'a document that does not know the place of its record',
      {},
      [
        [0, 5],
        [0, 7],
        [1, 6],
      ],
    ],
    [
      'an earlier record',
      at(0, 4),
      [
        [0, 5],
        [0, 7],
        [1, 6],
      ],
    ],
    [
      'a record between them',
      at(0, 6),
      [
        [0, 7],
        [1, 6],
      ],
    ],
    ['a later record', at(0, 8), [[1, 6]]],
    [
      'a later record of the other partition',
      at(1, 9),
      [
        [0, 5],
        [0, 7],
      ],
    ],
  ] as const)('are open for %s', (_, document, open) => expect(listOpenMarks({ document, marks })).toEqual(open));

  it('are added once, in any order', () => {
    expect(addMark(marks, [0, 5])).toBe(marks);
    expect(mark([1, 6], [0, 7], [0, 5])).toEqual(marks);
  });

  it('are not added for a record whose replay could be read, also if the replay arrives first', () => {
    const replayed = clearMarks(marks, replayOf(5), { document: at(0, 2), hasChanged: false });
    expect(replayed.unreadable).toEqual(mark([0, 7], [1, 6]).unreadable);
    expect(addMark(replayed, [0, 5])).toBe(replayed);
    expect(clearMarks(replayed, replayOf(5), { document: at(0, 2), hasChanged: false })).toBe(replayed);
  });

  describe('beyond 100 per partition', () => {
    const offsets = [...Array(150).keys()];
    const many = mark(...offsets.map((offset) => [0, offset] as const));

    it('are the latest ones; the first of these also represents the earlier ones', () => {
      expect(many.unreadable).toHaveLength(100);
      expect(many.unreadable.slice(0, 2)).toEqual([
        [0, 50, true],
        [0, 51],
      ]);
      expect(mark(...offsets.map((offset) => [0, 149 - offset] as const))).toEqual(many);
      expect(addMark(many, [0, 3])).toBe(many);
      expect(splitMarks(joinMarks({ document: {}, marks: many })).marks).toEqual(many);
    });

    it('keep refusing after each of the latest was discarded or replayed, until a later record is shown', () => {
      const all = offsets.map((offset) => [0, offset] as const);
      expect(removeMarks(many, all).unreadable).toEqual([[0, 50, true]]);
      const replayed = all.reduce(
        (left, [, offset]) => clearMarks(left, replayOf(offset), { document: at(0, 0), hasChanged: false }),
        many,
      );
      expect(listOpenMarks({ document: at(0, 0), marks: replayed })).toEqual([[0, 50, true]]);
      expect(listOpenMarks({ document: at(0, 51), marks: replayed })).toEqual([]);
      expect(replayed.replayed).toHaveLength(100);
    });

    it('leave the marks of other partitions as they are', () =>
      expect(addMark(many, [1, 0]).unreadable).toEqual([...many.unreadable, [1, 0]]));
  });

  const [hasChanged, document] = [true, {}];
  it.each([
    [
      'a change clears the marks before it in its partition',
      recordAt(0, 6),
      hasChanged,
      [
        [0, 7],
        [1, 6],
      ],
    ],
    ['a record that changes nothing clears none', recordAt(0, 7), !hasChanged, marks.unreadable],
    ['an older record clears none', recordAt(0, 4), hasChanged, marks.unreadable],
    ['a record of another partition clears none', recordAt(2, 9), hasChanged, marks.unreadable],
  ] as const)('of a document without the place of its record: %s', (_, one, changed, left) =>
    expect(clearMarks(marks, one, { document, hasChanged: changed }).unreadable).toEqual(left));

  it('of a document with the place of its record stay, because an older record may be shown later', () => {
    expect(clearMarks(marks, recordAt(0, 9), { document: at(0, 9), hasChanged })).toBe(marks);
    expect(listOpenMarks({ document: at(0, 9), marks })).toEqual([[1, 6]]);
    expect(listOpenMarks({ document: at(0, 2), marks })).toEqual(marks.unreadable);
  });

  it('are cleared only by a change when records have no partition and offset', () => {
    const marked = mark(placeOf(record));
    expect(clearMarks(marked, record, { document, hasChanged: false })).toBe(marked);
    expect(clearMarks(marked, record, { document, hasChanged })).toBe(noMarks);
  });

  it('have the place of the original when a record is replayed', () => expect(placeOf(replayOf(5))).toEqual([0, 5]));
});
