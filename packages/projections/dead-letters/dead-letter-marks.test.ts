import { describe, expect, it } from 'vitest';
import { addMark, clearMarks, joinMarks, type PlacePair, placeOf, splitMarks } from './dead-letter-marks.ts';

const record = { topic: 't', value: Buffer.alloc(0), timestamp: 0 };
const marks: readonly PlacePair[] = [
  [0, 5],
  [0, 7],
  [1, 6],
];

describe('the marks of unreadable records on a document', () => {
  it('are beside its content, and may be all that there is', () => {
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

  it('are added once, and not where the document shows a later record of the partition', () => {
    const at = (offset: number) => ({ at: [0, offset] as const });
    expect(addMark({ document: undefined, marks: [] }, [0, 5])).toEqual([[0, 5]]);
    expect(addMark({ document: {}, marks }, [0, 5])).toBe(marks);
    expect(addMark({ document: at(4), marks: [] }, [0, 5])).toEqual([[0, 5]]);
    expect(addMark({ document: at(6), marks: [] }, [0, 5])).toEqual([]);
    expect(addMark({ document: at(6), marks: [] }, [1, 5])).toEqual([[1, 5]]);
  });

  it('are bounded: of very many the latest are kept', () => {
    let many: readonly PlacePair[] = [];
    for (let offset = 0; offset < 150; offset++) many = addMark({ document: {}, marks: many }, [0, offset]);
    expect(many).toHaveLength(100);
    expect(many.at(-1)).toEqual([0, 149]);
  });

  it.each([
    [
      'a change clears those before it in its partition',
      [0, 6],
      true,
      [
        [0, 7],
        [1, 6],
      ],
    ],
    [
      'what is read and changes nothing clears its own alone',
      [0, 7],
      false,
      [
        [0, 5],
        [1, 6],
      ],
    ],
    ['what is older clears none', [0, 4], true, marks],
    ['another partition clears none', [2, 9], true, marks],
  ] as const)('%s', (_, place, hasChanged, left) => expect(clearMarks(marks, place, { hasChanged })).toEqual(left));

  it('are cleared by a change alone where records have no place', () => {
    const [nowhere] = [placeOf(record)];
    const marked = addMark({ document: {}, marks: [] }, nowhere);
    expect(clearMarks(marked, nowhere, { hasChanged: false })).toBe(marked);
    expect(clearMarks(marked, nowhere, { hasChanged: true })).toEqual([]);
  });

  it('are where the original is when a record is replayed', () =>
    expect(placeOf({ ...record, partition: 0, offset: 9, replayOf: { partition: 0, offset: 5 } })).toEqual([0, 5]));
});
