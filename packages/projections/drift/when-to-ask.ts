import type { PartitionRange } from '../log-reader.ts';
import { type Changed, checkpointsIn, gapsOf, lacksLast, tailOf } from './log-answer.ts';

/** What a look saw, and what the log was asked about last. */
export type Observed = {
  readonly tails: string;
  readonly askedAbout: string;
  /** Monotonic, in milliseconds. */
  readonly askedAt: number;
};

/** The log is asked about the same gaps again: records may have been deleted meanwhile. */
export const askAgainAfterMs = 30_000;

type Facts = {
  /** By the look before, if there was one. */
  readonly before: Observed | undefined;
  readonly hasGaps: boolean;
  /** A position without its last record: another log would not be recognised. */
  readonly isUnanchored: boolean;
  /** Something is behind the position that has not moved since the look before. */
  readonly isStill: boolean;
  readonly isShorter: boolean;
  /** The gaps and the tails that the log would be asked about. */
  readonly about: string;
  readonly now: number;
};

/** Why the log is to be asked. A view that follows without gaps costs nothing. */
const reasons: Record<string, (facts: Facts) => boolean> = {
  'this is the first look': ({ before }) => before === undefined,
  'the gaps or the tails are new': ({ hasGaps, isStill, about, before }) =>
    (hasGaps || isStill) && about !== before?.askedAbout,
  'the log ends before the last record seen': ({ isShorter }) => isShorter,
  'what is unknown may be known by now': ({ hasGaps, isUnanchored, before, now }) =>
    (hasGaps || isUnanchored) && now - (before?.askedAt ?? now) > askAgainAfterMs,
};

/** What this look sees, and why the log is to be asked, if so. */
export const observe = (
  held: readonly Changed[],
  ranges: readonly PartitionRange[],
  before: Observed | undefined,
  now: number,
): Observed & { readonly isDue: boolean; readonly because: readonly string[] } => {
  const tails = JSON.stringify(held.map((one) => tailOf(one, ranges) ?? null));
  const hasGaps = held.some((one) => gapsOf(one).length > 0);
  const isStill = before?.tails === tails && held.some((one) => tailOf(one, ranges) !== undefined);
  const about = `${hasGaps ? JSON.stringify(held.map(gapsOf)) : ''} ${isStill ? tails : ''}`;
  const isUnanchored = held.some((one) => checkpointsIn(one).some(lacksLast));
  const facts = { before, hasGaps, isUnanchored, isStill, isShorter: held.some(isBehindEnd(ranges)), about, now };
  const because = Object.keys(reasons).filter((reason) => reasons[reason]?.(facts));
  const isDue = because.length > 0;
  return {
    tails,
    askedAbout: isDue || !before ? about : before.askedAbout,
    askedAt: isDue || !before ? now : before.askedAt,
    isDue,
    because,
  };
};

const isBehindEnd =
  (ranges: readonly PartitionRange[]) =>
  (one: Changed): boolean => {
    const end = ranges.find(({ partition }) => partition === one.partition)?.end ?? 0;
    return checkpointsIn(one).some(({ last, lost }) => last !== undefined && lost === undefined && last.offset >= end);
  };
