import { expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { askAgainAfterMs, observe } from './when-to-ask.ts';

const readTo = (applied: number, change: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ applied, missing: [], last: { offset: applied, timestamp: 0 } },
  ...change,
});
const { last: _, ...unanchored } = readTo(4);
const gap = readTo(4, { missing: [[1, 2]] });

type Look = readonly [position: Checkpoint, end: number, atMs: number];

/** The last of these looks at a store with one partition. */
const lookAt = (...looks: readonly Look[]) => {
  let observed: ReturnType<typeof observe> | undefined;
  for (const [position, end, now] of looks) {
    const document = { generations: { 1: position } };
    const held = { partition: 0, key: 'position', etag: undefined, document, after: document };
    observed = observe([held], [{ partition: 0, begin: 0, end }], observed, now);
  }
  return observed?.because;
};

it.each<[string, readonly Look[], string[]]>([
  ['at the first look', [[readTo(4), 5, 0]], ['this is the first look']],
  [
    'about a gap that is new',
    [
      [readTo(4), 5, 0],
      [gap, 5, 1],
    ],
    ['the gaps or the tails are new'],
  ],
  [
    'about a tail that has not moved from one look to the next',
    [
      [readTo(4), 9, 0],
      [readTo(4), 9, 1],
    ],
    ['the gaps or the tails are new'],
  ],
  [
    'where the log ends before the last record seen',
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
      [gap, 5, 2 + askAgainAfterMs],
    ],
    ['what is unknown may be known by now'],
  ],
  [
    'about a last record that is unknown, later',
    [
      [unanchored, 5, 0],
      [unanchored, 5, 1 + askAgainAfterMs],
    ],
    ['what is unknown may be known by now'],
  ],
])('the log is asked %s', (__, looks, because) => expect(lookAt(...looks)).toEqual(because));

it.each<[string, readonly Look[]]>([
  [
    'while the view follows without gaps',
    [
      [readTo(4), 5, 0],
      [readTo(8), 9, 1 + askAgainAfterMs],
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
    'about a gap that it was asked about',
    [
      [readTo(4), 5, 0],
      [gap, 5, 1],
      [gap, 5, askAgainAfterMs],
    ],
  ],
  [
    'where it is known to be cut off',
    [
      [readTo(4), 5, 0],
      [readTo(4, { lost: 'log-replaced' }), 2, 1],
    ],
  ],
])('the log is not asked %s', (__, looks) => expect(lookAt(...looks)).toEqual([]));
