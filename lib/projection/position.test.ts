import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, through } from './position.ts';

describe('the position of a view in a partition', () => {
  it('follows the offsets', () => expect(advance(undefined, [0, 1, 2])).toEqual({ applied: 2, missing: [] }));

  it('does not change when offsets come again', () => {
    const position = advance(undefined, [0, 1, 2]);
    expect(advance(position, [1, 2])).toBe(position);
  });

  it('shows what was skipped', () =>
    expect(advance({ applied: 2, missing: [] }, [6])).toEqual({ applied: 6, missing: [[3, 5]] }));

  it('shows that a view does not begin at the beginning of the log', () =>
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
    expect(advance(gap, [4, 1, 2, 3])).toEqual({ applied: 5, missing: [] });
  });

  it('has no gap any more up to an offset that all is known to', () => {
    const gaps = advance(undefined, [2, 6, 9]);
    expect(through(gaps, 4)).toEqual({
      applied: 9,
      missing: [
        [5, 5],
        [7, 8],
      ],
    });
    expect(through(gaps, 20)).toEqual({ applied: 20, missing: [] });
  });

  it('misses exactly the offsets that never came, whatever their order and number', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(40), { minLength: 1 }), { minLength: 1 }), (batches) => {
        const { applied, missing } = batches.reduce<ReturnType<typeof advance> | undefined>(advance, undefined) ?? {};
        const seen = new Set(batches.flat());
        const lacking = Array.from({ length: Math.max(...seen) + 1 }, (_, n) => n).filter((n) => !seen.has(n));
        const listed = missing?.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, n) => a + n)) ?? [];
        expect(applied).toBe(Math.max(...seen));
        expect(listed.sort((a, b) => a - b)).toEqual(lacking);
      }),
    );
  });
});
