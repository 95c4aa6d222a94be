/** First and last offset, both included. */
export type OffsetRange = readonly [first: number, last: number];

/** A dead letter whose document is marked: the record's offset, and the document's key. */
export type OpenDeadLetter = readonly [offset: number, key: string];

/**
 * How far a view has followed one partition: the highest offset seen, and the ranges below it that never arrived, in
 * order. Kept in the store beside the values, because store and log can drift apart: a store restored from a backup, or
 * swapped, then shows a gap instead of quietly answering from the past.
 */
export type Checkpoint = {
  readonly applied: number;
  readonly missing: readonly OffsetRange[];
  /** The last record seen and when the log received it. A log with another time at this offset is another log. */
  readonly last?: { readonly offset: number; readonly timestamp: number };
  /** Events that no log holds any more, so reading the log again cannot bring them: only their source can. */
  readonly lost?: 'log-truncated' | 'log-replaced';
  /** At most `mostOpenDeadLetters` of the documents that are marked by records of this partition. */
  readonly deadLetters?: readonly OpenDeadLetter[];
  /** There may be more of them than are listed. */
  readonly moreDeadLetters?: true;
};

export const unreadCheckpoint: Checkpoint = { applied: -1, missing: [] };

/** The ranges between what the position has seen and the offsets, and between those. @param offsets ascending */
export const gapsBefore = ({ applied }: Checkpoint, offsets: readonly number[]): OffsetRange[] => {
  const gaps: OffsetRange[] = [];
  let next = applied + 1;
  for (const offset of offsets) {
    if (offset > next) gaps.push([next, offset - 1]);
    if (offset >= next) next = offset + 1;
  }
  return gaps;
};

/** Answers the very same position when the offsets add nothing to it. @param offsets ascending */
export const advance = (position: Checkpoint = unreadCheckpoint, offsets: readonly number[]): Checkpoint => {
  const highest = offsets.at(-1) ?? -1;
  const { applied, missing } = position;
  const left = missing.length === 0 ? missing : subtract(missing, union(offsets.map((offset) => [offset, offset])));
  if (highest <= applied) return left === missing ? position : { ...position, missing: left };
  const gaps = gapsBefore(position, offsets);
  return { ...position, applied: highest, missing: gaps.length === 0 ? left : [...left, ...gaps] };
};

/** The position once these ranges are known to hold no record. @param empty ascending */
export const withoutRanges = (position: Checkpoint, empty: readonly OffsetRange[]): Checkpoint => {
  const missing = subtract(position.missing, empty);
  return missing === position.missing ? position : { ...position, missing };
};

/** The position once everything up to this offset is known to be there. */
export const through = (position: Checkpoint, offset: number): Checkpoint => ({
  ...position,
  applied: Math.max(position.applied, offset),
  missing: position.missing.flatMap(([first, last]) =>
    last > offset ? [[Math.max(first, offset + 1), last] as const] : [],
  ),
});

/** The position of a view that should have everything before `next`: what it has not seen is missing. */
export const missingBefore = (position: Checkpoint, next: number): Checkpoint =>
  next <= position.applied + 1
    ? position
    : { ...position, applied: next - 1, missing: [...position.missing, [position.applied + 1, next - 1]] };

/** What is left of the ranges, the very same where that is all. Both ascending. */
export const subtract = (ranges: readonly OffsetRange[], others: readonly OffsetRange[]): readonly OffsetRange[] => {
  const left: OffsetRange[] = [];
  let isSame = true;
  let n = 0;
  for (const range of ranges) {
    const [first, last] = range;
    let next = first;
    while (n < others.length && (others[n] as OffsetRange)[1] < first) n++;
    // A range of the others may reach into the next of ours, so it is looked at again.
    for (let m = n; m < others.length && (others[m] as OffsetRange)[0] <= last; m++) {
      const [from, to] = others[m] as OffsetRange;
      if (from > next) left.push([next, from - 1]);
      next = Math.max(next, to + 1);
      n = m;
    }
    if (next === first) left.push(range);
    else {
      isSame = false;
      if (next <= last) left.push([next, last]);
    }
  }
  return isSame ? ranges : left;
};

/** All of them as ascending ranges that do not touch. */
export const union = (ranges: readonly OffsetRange[]): OffsetRange[] => {
  const all: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = all.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else all.push([first, last]);
  }
  return all;
};
