import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  advanceThrough,
  type Checkpoint,
  findGaps,
  initialCheckpoint,
  markMissingBefore,
  removeEmptyRanges,
} from './checkpoint.ts';

const offsetsIn = (ranges: readonly (readonly [number, number])[]) =>
  ranges.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, n) => a + n));
const ascending = (offsets: readonly number[]) => [...offsets].sort((a, b) => a - b);

describe('the checkpoint of a view in a partition', () => {
  it('follows the offsets', () => expect(advance(undefined, [0, 1, 2])).toEqual({ applied: 2, missing: [] }));

  it('does not change when offsets are delivered again', () => {
    const checkpoint = advance(undefined, [0, 1, 2]);
    expect(advance(checkpoint, [1, 2])).toBe(checkpoint);
  });

  it('shows skipped offsets as missing', () =>
    expect(advance({ applied: 2, missing: [] }, [6])).toEqual({ applied: 6, missing: [[3, 5]] }));

  it('shows offsets before the first one as missing', () =>
    expect(advance(undefined, [2])).toEqual({ applied: 2, missing: [[0, 1]] }));

  it('closes a gap piece by piece', () => {
    const gap = advance(undefined, [0, 5]);
    expect(advance(gap, [2])).toEqual({
      applied: 5,
      missing: [
        [1, 1],
        [3, 4],
      ],
    });
    expect(advance(gap, [1, 2, 3, 4])).toEqual({ applied: 5, missing: [] });
  });

  it('has no gap up to an offset once everything before it is known to be applied', () => {
    const gaps = advance(undefined, [2, 6, 9]);
    expect(advanceThrough(gaps, 4)).toEqual({
      applied: 9,
      missing: [
        [5, 5],
        [7, 8],
      ],
    });
    expect(advanceThrough(gaps, 20)).toEqual({ applied: 20, missing: [] });
  });

  it('keeps its other fields', () => {
    const known: Checkpoint = { ...initialCheckpoint, lost: 'log-replaced', last: { offset: 3, timestamp: 5 } };
    expect(markMissingBefore(advance(known, [4]), 9)).toEqual({
      ...known,
      applied: 8,
      missing: [
        [0, 3],
        [5, 8],
      ],
    });
  });

  const batches = fc.array(fc.array(fc.nat(40), { minLength: 1 }).map(ascending), { minLength: 1 });

  it('lacks exactly the offsets that never arrived, whatever their order and number', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const { applied, missing } = all.reduce<Checkpoint>(advance, initialCheckpoint);
        const seen = new Set(all.flat());
        const lacking = Array.from({ length: Math.max(...seen) + 1 }, (_, n) => n).filter((n) => !seen.has(n));
        expect(applied).toBe(Math.max(...seen));
        expect(offsetsIn(missing)).toEqual(lacking);
      }),
    );
  });

  it('does not lack offsets that are known to hold no record', () => {
    const ranges = fc
      .uniqueArray(fc.nat(40))
      .map((offsets) => ascending(offsets).map((offset) => [offset, offset] as const));
    fc.assert(
      fc.property(batches, ranges, (all, empty) => {
        const checkpoint = all.reduce<Checkpoint>(advance, initialCheckpoint);
        const known = new Set(offsetsIn(empty));
        const lacking = offsetsIn(checkpoint.missing).filter((offset) => !known.has(offset));
        expect(offsetsIn(removeEmptyRanges(checkpoint, empty).missing)).toEqual(lacking);
      }),
    );
  });

  it('finds each gap that offsets would leave', () => {
    expect(findGaps(initialCheckpoint, [0, 1])).toEqual([]);
    expect(findGaps({ applied: 2, missing: [] }, [1, 4, 4, 8])).toEqual([
      [3, 3],
      [5, 7],
    ]);
  });
});
