import { describe, expect, it } from 'vitest';
import { addMark, clearMarks, joinMarks, type PlacePair, placeOf, splitMarks } from './dead-letter-marks.ts';

const record = { topic: 't', value: Buffer.alloc(0), timestamp: 0 };
const marks: readonly PlacePair[] = [
  [0, 5],
  [0, 7],
  [1, 6],
];

describe('the dead-letter marks of a document', () => {
  it('are stored next to its content, and may be stored without content', () => {
    expect(splitMarks(undefined)).toEqual({ document: undefined, marks: [] });
    expect(splitMarks({ n: 1 })).toEqual({ document: { n: 1 }, marks: [] });
    for (const marked of [
      { document: { n: 1 }, marks },
      { document: undefined, marks },
      { document: undefined, marks: [] },
    ])
      expect(splitMarks(joinMarks(marked))).toEqual(marked);
    expect(joinMarks({ document: { n: 1 }, marks: [] })).toEqual({ n: 1 });
  });

  it('are added once, and not when the document shows a later record of the partition', () => {
    const at = (offset: number) => ({ at: [0, offset] as const });
    expect(addMark({ document: undefined, marks: [] }, [0, 5])).toEqual([[0, 5]]);
    expect(addMark({ document: {}, marks }, [0, 5])).toBe(marks);
    expect(addMark({ document: at(4), marks: [] }, [0, 5])).toEqual([[0, 5]]);
    expect(addMark({ document: at(6), marks: [] }, [0, 5])).toEqual([]);
    expect(addMark({ document: at(6), marks: [] }, [1, 5])).toEqual([[1, 5]]);
  });

  it('are limited in number: the latest are kept', () => {
    let many: readonly PlacePair[] = [];
    for (let offset = 0; offset < 150; offset++) many = addMark({ document: {}, marks: many }, [0, offset]);
    expect(many).toHaveLength(100);
    expect(many.at(-1)).toEqual([0, 149]);
  });

  it.each([
    [
      'a change clears the marks before it in its partition',
      [0, 6],
      true,
      [
        [0, 7],
        [1, 6],
      ],
    ],
    [
      'a record that changes nothing clears its own mark only',
      [0, 7],
      false,
      [
        [0, 5],
        [1, 6],
      ],
    ],
    ['an older record clears none', [0, 4], true, marks],
    ['a record of another partition clears none', [2, 9], true, marks],
  ] as const)('%s', (_, place, hasChanged, left) => expect(clearMarks(marks, place, { hasChanged })).toEqual(left));

  it('are cleared only by a change when records have no partition and offset', () => {
    const [nowhere] = [placeOf(record)];
    const marked = addMark({ document: {}, marks: [] }, nowhere);
    expect(clearMarks(marked, nowhere, { hasChanged: false })).toBe(marked);
    expect(clearMarks(marked, nowhere, { hasChanged: true })).toEqual([]);
  });

  it('have the place of the original when a record is replayed', () =>
    expect(placeOf({ ...record, partition: 0, offset: 9, replayOf: { partition: 0, offset: 5 } })).toEqual([0, 5]));
});
