import type { PartitionRange } from '../log-reader.ts';
import { checkpointsIn, type DocumentChange, gapsOf, lacksLastRecord, tailOf } from './log-findings.ts';

/** What one comparison saw, and what the log was last queried about. */
export type Observation = {
  readonly tails: string;
  readonly queriedAbout: string;
  /** Monotonic, in ms. */
  readonly queriedAt: number;
};

/**
 * After this time, in ms, the log is queried about the same gaps again, because records may have been deleted meanwhile.
 */
export const requeryAfterMs = 30_000;

type Facts = {
  /** The observation of the previous comparison; undefined at the first one. */
  readonly before: Observation | undefined;
  readonly hasGaps: boolean;
  /** Some checkpoint does not know its last record, so a replaced log would not be noticed. */
  readonly isLastRecordUnknown: boolean;
  /** There are offsets after a checkpoint, and they are the same as at the previous comparison. */
  readonly isTailUnchanged: boolean;
  readonly isLogShorter: boolean;
  /** The gaps and tails that a query would be about. */
  readonly about: string;
  readonly now: number;
};

/** The reasons for a query. A view that follows the log without gaps needs none. */
const queryReasons: Record<string, (facts: Facts) => boolean> = {
  'this is the first comparison': ({ before }) => before === undefined,
  'the gaps or the tails are new': ({ hasGaps, isTailUnchanged, about, before }) =>
    (hasGaps || isTailUnchanged) && about !== before?.queriedAbout,
  'the log ends before the last record seen': ({ isLogShorter }) => isLogShorter,
  'the last query was long ago': ({ hasGaps, isLastRecordUnknown, before, now }) =>
    (hasGaps || isLastRecordUnknown) && now - (before?.queriedAt ?? now) > requeryAfterMs,
};

/** Decides whether the log has to be queried, and why. */
export const decideQuery = (
  held: readonly DocumentChange[],
  ranges: readonly PartitionRange[],
  before: Observation | undefined,
  now: number,
): Observation & { readonly isDue: boolean; readonly reasons: readonly string[] } => {
  const tails = JSON.stringify(held.map((one) => tailOf(one, ranges) ?? null));
  const hasGaps = held.some((one) => gapsOf(one).length > 0);
  const isTailUnchanged = before?.tails === tails && held.some((one) => tailOf(one, ranges) !== undefined);
  const about = `${hasGaps ? JSON.stringify(held.map(gapsOf)) : ''} ${isTailUnchanged ? tails : ''}`;
  const isLastRecordUnknown = held.some((one) => checkpointsIn(one).some(lacksLastRecord));
  const facts = {
    before,
    hasGaps,
    isLastRecordUnknown,
    isTailUnchanged,
    isLogShorter: held.some(isBeyondEnd(ranges)),
    about,
    now,
  };
  const reasons = Object.keys(queryReasons).filter((reason) => queryReasons[reason]?.(facts));
  const isDue = reasons.length > 0;
  return {
    tails,
    queriedAbout: isDue || !before ? about : before.queriedAbout,
    queriedAt: isDue || !before ? now : before.queriedAt,
    isDue,
    reasons,
  };
};

const isBeyondEnd =
  (ranges: readonly PartitionRange[]) =>
  (one: DocumentChange): boolean => {
    const end = ranges.find(({ partition }) => partition === one.partition)?.end ?? 0;
    return checkpointsIn(one).some(({ last, lost }) => last !== undefined && lost === undefined && last.offset >= end);
  };
