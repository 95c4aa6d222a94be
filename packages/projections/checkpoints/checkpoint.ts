/** First and last offset, both inclusive. */
export type OffsetRange = readonly [first: number, last: number];

/** A dead letter that marks a document: the offset of the record, and the key of the document. */
export type OpenDeadLetter = readonly [offset: number, key: string];

/**
 * How far a view has followed one partition: the highest offset it has seen, and the ranges below it that never
 * arrived, ascending. It is stored next to the values, because the store and the committed offsets can drift apart:
 * after a swap of the store or a restore from a backup, it shows a gap where the view would otherwise answer from
 * outdated values.
 */
export type Checkpoint = {
  readonly applied: number;
  readonly missing: readonly OffsetRange[];
  /**
   * The last record seen, and the time at which the log received it (ms since 1970). Another time at this offset means
   * that the log was replaced.
   */
  readonly last?: { readonly offset: number; readonly timestamp: number };
  /**
   * Set when the log no longer holds events that the view lacks. A rebuild from the log cannot restore them; a rebuild
   * from the source of the data can.
   */
  readonly lost?: 'log-truncated' | 'log-replaced';
  /** The documents that records of this partition mark, at most `maxOpenDeadLetters` of them. */
  readonly deadLetters?: readonly OpenDeadLetter[];
  /** `deadLetters` is truncated: there may be more documents with marks. */
  readonly moreDeadLetters?: true;
};

export const initialCheckpoint: Checkpoint = { applied: -1, missing: [] };

/**
 * The gaps that these offsets would leave: between the checkpoint and the offsets, and between the offsets.
 * @param offsets ascending
 */
export const findGaps = ({ applied }: Checkpoint, offsets: readonly number[]): OffsetRange[] => {
  const gaps: OffsetRange[] = [];
  let next = applied + 1;
  for (const offset of offsets) {
    if (offset > next) gaps.push([next, offset - 1]);
    if (offset >= next) next = offset + 1;
  }
  return gaps;
};

/**
 * The checkpoint after these offsets were applied; the same object when they change nothing.
 * @param offsets ascending
 */
export const advance = (checkpoint: Checkpoint = initialCheckpoint, offsets: readonly number[]): Checkpoint => {
  const highest = offsets.at(-1) ?? -1;
  const { applied, missing } = checkpoint;
  const remaining =
    missing.length === 0 ? missing : subtract(missing, union(offsets.map((offset) => [offset, offset])));
  if (highest <= applied) return remaining === missing ? checkpoint : { ...checkpoint, missing: remaining };
  const gaps = findGaps(checkpoint, offsets);
  return { ...checkpoint, applied: highest, missing: gaps.length === 0 ? remaining : [...remaining, ...gaps] };
};

/** The checkpoint without gaps in ranges that hold no record. @param empty ascending */
export const removeEmptyRanges = (checkpoint: Checkpoint, empty: readonly OffsetRange[]): Checkpoint => {
  const missing = subtract(checkpoint.missing, empty);
  return missing === checkpoint.missing ? checkpoint : { ...checkpoint, missing };
};

/** The checkpoint once every record up to and including `offset` is known to be applied. */
export const advanceThrough = (checkpoint: Checkpoint, offset: number): Checkpoint => ({
  ...checkpoint,
  applied: Math.max(checkpoint.applied, offset),
  missing: checkpoint.missing.flatMap(([first, last]) =>
    last > offset ? [[Math.max(first, offset + 1), last] as const] : [],
  ),
});

/** The checkpoint of a view that should have every record before `next`: the offsets between are missing. */
export const markMissingBefore = (checkpoint: Checkpoint, next: number): Checkpoint =>
  next <= checkpoint.applied + 1
    ? checkpoint
    : { ...checkpoint, applied: next - 1, missing: [...checkpoint.missing, [checkpoint.applied + 1, next - 1]] };

/** Subtracts `others` from `ranges`; returns the same array when nothing is removed. Both are ascending. */
export const subtract = (ranges: readonly OffsetRange[], others: readonly OffsetRange[]): readonly OffsetRange[] => {
  const remaining: OffsetRange[] = [];
  let isSame = true;
  let n = 0;
  for (const range of ranges) {
    const [first, last] = range;
    let next = first;
    while (n < others.length && (others[n] as OffsetRange)[1] < first) n++;
    // A range of `others` may reach into the next one of ours, so the next iteration begins with it again.
    for (let m = n; m < others.length && (others[m] as OffsetRange)[0] <= last; m++) {
      const [from, to] = others[m] as OffsetRange;
      if (from > next) remaining.push([next, from - 1]);
      next = Math.max(next, to + 1);
      n = m;
    }
    if (next === first) remaining.push(range);
    else {
      isSame = false;
      if (next <= last) remaining.push([next, last]);
    }
  }
  return isSame ? ranges : remaining;
};

/** Merges ranges into ascending ones that neither overlap nor touch. */
export const union = (ranges: readonly OffsetRange[]): OffsetRange[] => {
  const all: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = all.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else all.push([first, last]);
  }
  return all;
};
