import { expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { decideQuery, requeryAfterMs } from './when-to-query-log.ts';

const readTo = (applied: number, change: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ applied, missing: [], last: { offset: applied, timestamp: 0 } },
  ...change,
});
const { last: _, ...unanchored } = readTo(4);
const gap = readTo(4, { missing: [[1, 2]] });

type Comparison = readonly [checkpoint: Checkpoint, end: number, atMs: number];

/** The reasons at the last of these comparisons of a store with one partition. */
const reasonsAfter = (...comparisons: readonly Comparison[]) => {
  let observed: ReturnType<typeof decideQuery> | undefined;
  for (const [checkpoint, end, now] of comparisons) {
    const document = { generations: { 1: checkpoint } };
    const held = { partition: 0, key: 'key', etag: undefined, document, after: document };
    observed = decideQuery([held], [{ partition: 0, begin: 0, end }], observed, now);
  }
  return observed?.reasons;
};

it.each<[string, readonly Comparison[], string[]]>([
  ['at the first comparison', [[readTo(4), 5, 0]], ['this is the first comparison']],
  [
    'about a gap that is new',
    [
      [readTo(4), 5, 0],
      [gap, 5, 1],
    ],
    ['the gaps or the tails are new'],
  ],
  [
    'about a tail that has not moved since the previous comparison',
    [
      [readTo(4), 9, 0],
      [readTo(4), 9, 1],
    ],
    ['the gaps or the tails are new'],
  ],
  [
    'when the log ends before the last record seen',
    [
      [readTo(4), 5, 0],
      [readTo(4), 2, 1],
    ],
    ['the log ends before the last record seen'],
  ],
  [
    'about the same gap once records may have been deleted',
    [
      [readTo(4), 5, 0],
      [gap, 5, 1],
      [gap, 5, 2 + requeryAfterMs],
    ],
    ['the last query was long ago'],
  ],
  [
    'about an unknown last record after some time',
    [
      [unanchored, 5, 0],
      [unanchored, 5, 1 + requeryAfterMs],
    ],
    ['the last query was long ago'],
  ],
])('the log is queried %s', (__, comparisons, reasons) => expect(reasonsAfter(...comparisons)).toEqual(reasons));

it.each<[string, readonly Comparison[]]>([
  [
    'while the view follows without gaps',
    [
      [readTo(4), 5, 0],
      [readTo(8), 9, 1 + requeryAfterMs],
    ],
  ],
  [
    'about a tail that moves',
    [
      [readTo(4), 9, 0],
      [readTo(5), 9, 1],
    ],
  ],
  [
    'about a gap that it was queried about recently',
    [
      [readTo(4), 5, 0],
      [gap, 5, 1],
      [gap, 5, requeryAfterMs],
    ],
  ],
  [
    'when it is known to be replaced',
    [
      [readTo(4), 5, 0],
      [readTo(4, { lost: 'log-replaced' }), 2, 1],
    ],
  ],
])('the log is not queried %s', (__, comparisons) => expect(reasonsAfter(...comparisons)).toEqual([]));
