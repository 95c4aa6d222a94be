/**
 * How far a view has followed one partition: the highest offset seen, and the ranges below it that never arrived
 * (first and last offset, both included). Kept in the store beside the values, because store and log can part: a store
 * restored from a backup, or swapped, then shows a gap instead of quietly answering from the past.
 */
export type Position = { readonly applied: number; readonly missing: readonly (readonly [number, number])[] };

/** Answers the very same position when the offsets add nothing to it. */
export const advance = (position: Position = { applied: -1, missing: [] }, offsets: readonly number[]): Position => {
  // Nearly always: the next ones, in order.
  if (offsets.length > 0 && offsets.every((offset, i) => offset === position.applied + 1 + i))
    return { applied: position.applied + offsets.length, missing: position.missing };
  return [...offsets].sort((a, b) => a - b).reduce(see, position);
};

/** The position once everything up to this offset is known to be there. */
export const through = ({ applied, missing }: Position, offset: number): Position => ({
  applied: Math.max(applied, offset),
  missing: missing.flatMap(([first, last]) => (last > offset ? [[Math.max(first, offset + 1), last] as const] : [])),
});

/** The position of a view that was told that it has everything before `next`: what it has not, it misses. */
export const missingBefore = (position: Position, next: number): Position =>
  next <= position.applied + 1
    ? position
    : { applied: next - 1, missing: [...position.missing, [position.applied + 1, next - 1]] };

const see = (position: Position, offset: number): Position => {
  const { applied, missing } = position;
  if (offset === applied + 1) return { applied: offset, missing };
  if (offset > applied) return { applied: offset, missing: [...missing, [applied + 1, offset - 1]] };
  if (!missing.some((range) => contains(range, offset))) return position;
  return { applied, missing: missing.flatMap((range) => (contains(range, offset) ? without(range, offset) : [range])) };
};

const contains = ([first, last]: readonly [number, number], offset: number) => first <= offset && offset <= last;

const without = ([first, last]: readonly [number, number], offset: number): [number, number][] => [
  ...(first < offset ? ([[first, offset - 1]] as [number, number][]) : []),
  ...(offset < last ? ([[offset + 1, last]] as [number, number][]) : []),
];
