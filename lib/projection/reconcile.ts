import type { DeliveredRecord } from '../event-bus.ts';
import {
  changePositions,
  missingInAll,
  type PositionDocument,
  withoutDiscarded,
} from '../generations/position-document.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import { StateConflict, type StateStore, type Upsert } from '../state-store.ts';
import { checkGaps, type Gaps, recordsAt, replacedPartitions } from './check-log.ts';
import { type OffsetRange, type Position, through, union, withoutRanges } from './position.ts';

/** The position document of one partition, as it was read. */
export type HeldDocument = {
  readonly partition: number;
  readonly key: string;
  readonly etag: string | undefined;
  readonly document: PositionDocument;
};

/** What a view was found to lack. */
export type Found = { readonly partition: number; readonly missingBefore?: number; readonly lost?: Position['lost'] };

/** What a look saw, and what the log was asked about last. */
export type Observed = {
  readonly tails: string;
  readonly askedAbout: string;
  readonly askedAt: number;
};

type Comparison = {
  /** By partition, what the consumer group has acknowledged: the view should have everything before. */
  readonly acknowledged: ReadonlyMap<number, number>;
  readonly ranges: readonly PartitionRange[];
  readonly log: { readonly reader: LogReader; readonly topic: string } | undefined;
  /** By the look before, if there was one. */
  readonly before: Observed | undefined;
};

/** The log is asked about the same gaps again: records may have been deleted meanwhile. */
const askAgainAfterMs = 30_000;

/**
 * Compares the positions of one store with group and log, and writes down what is missing, lost, or not missing after all.
 * `misplaced` are records that the log holds and whose headers may have hidden their place: they are to be applied.
 */
export const reconcile = async (
  store: StateStore,
  held: readonly HeldDocument[],
  { acknowledged, ranges, log, before }: Comparison,
): Promise<{ found: readonly Found[]; observed: Observed | undefined; misplaced: readonly DeliveredRecord[] }> => {
  const found: Found[] = [];
  const rangeOf = (partition: number) => ranges.find((range) => range.partition === partition);
  const marked = held.map((one) => {
    const { begin = 0, end = Number.MAX_SAFE_INTEGER } = rangeOf(one.partition) ?? {};
    // Offsets that were committed to a topic before it was deleted may outlive it: nothing is missing behind the end.
    const next = Math.max(Math.min(acknowledged.get(one.partition) ?? 0, end), begin);
    const after = missingInAll(one.document, next);
    if (after !== one.document) found.push({ partition: one.partition, missingBefore: next });
    return { ...one, after: loseWhatIsCutOff(after, begin) };
  });
  const observed = observe(marked, ranges, before);
  let checked = marked;
  let misplaced: readonly DeliveredRecord[] = [];
  let failure: unknown;
  if (log && observed.isDue)
    try {
      ({ checked, misplaced } = await askLog(log, marked));
    } catch (error) {
      // What is missing is written down all the same.
      failure = error;
    }
  for (const { partition, document, after } of checked) {
    const lost = Object.values(after.generations).find((position) => position.lost)?.lost;
    if (lost && !Object.values(document.generations).some((position) => position.lost)) found.push({ partition, lost });
  }
  const upserts = checked.flatMap(({ key, etag, document, after }): Upsert[] =>
    after === document ? [] : [{ key, value: after, etag }],
  );
  try {
    if (upserts.length > 0) await store.transact(upserts);
  } catch (error) {
    // A writer was there first: the next look sees what it wrote.
    if (!(error instanceof StateConflict)) throw error;
    return { found: [], observed: before, misplaced };
  }
  if (failure) throw failure;
  return { found, observed, misplaced };
};

type Changed = HeldDocument & { readonly after: PositionDocument };

const positionsIn = ({ after }: Changed): Position[] => Object.values(after.generations);

/** What was removed before it was read cannot be read any more. */
const loseWhatIsCutOff = (document: PositionDocument, begin: number): PositionDocument =>
  changePositions(document, (position) =>
    position.lost === undefined && position.missing.some(([first]) => first < begin)
      ? { ...position, lost: 'log-truncated' }
      : position,
  );

/**
 * Whether the log is to be asked: at the first look, about gaps that are new, about a tail that has not moved from one look
 * to the next, and where the log seems to end before the last record seen. A view that follows without gaps costs nothing.
 */
const observe = (
  held: readonly Changed[],
  ranges: readonly PartitionRange[],
  before: Observed | undefined,
): Observed & { readonly isDue: boolean } => {
  const gaps = JSON.stringify(held.map(gapsOf));
  const tails = JSON.stringify(held.map((one) => tailOf(one, ranges) ?? null));
  const hasGaps = held.some((one) => gapsOf(one).length > 0);
  const isUnanchored = held.some((one) => positionsIn(one).some(lacksLast));
  const isStill = before?.tails === tails && held.some((one) => tailOf(one, ranges) !== undefined);
  const isShorter = held.some((one) =>
    positionsIn(one).some(({ last, lost }) => {
      const end = ranges.find(({ partition }) => partition === one.partition)?.end ?? 0;
      return last !== undefined && lost === undefined && last.offset >= end;
    }),
  );
  const about = `${hasGaps ? gaps : ''} ${isStill ? tails : ''}`;
  const now = performance.now();
  const isNew = before === undefined || ((hasGaps || isStill) && about !== before.askedAbout);
  const isDue = isNew || isShorter || ((hasGaps || isUnanchored) && now - before.askedAt > askAgainAfterMs);
  return {
    tails,
    askedAbout: isDue ? about : before.askedAbout,
    askedAt: isDue ? now : before.askedAt,
    isDue,
  };
};

/** After a rebuild, or from an earlier version: without the last record another log would not be recognised. */
const lacksLast = ({ applied, last, lost }: Position): boolean => applied >= 0 && !last && !lost;

const gapsOf = (one: Changed): OffsetRange[] => union(positionsIn(one).flatMap(({ missing }) => missing));

/** What is between the position and the end of the log: records that are on their way, or the marker of a transaction. */
const tailOf = (one: Changed, ranges: readonly PartitionRange[]): OffsetRange | undefined => {
  const end = ranges.find(({ partition }) => partition === one.partition)?.end ?? 0;
  const applied = Math.max(-1, ...positionsIn(one).map((position) => position.applied));
  return applied >= 0 && applied < end - 1 ? [applied + 1, end - 1] : undefined;
};

const askLog = async (
  { reader, topic }: NonNullable<Comparison['log']>,
  held: readonly Changed[],
): Promise<{ checked: Changed[]; misplaced: readonly DeliveredRecord[] }> => {
  // Read after the positions: the other way round a view that follows would seem to be ahead of the log.
  const ranges = await reader.offsets(topic);
  const lasts = held.flatMap((one) => {
    const last = positionsIn(one).find((position) => position.last)?.last;
    return last ? [[one.partition, last] as const] : [];
  });
  const replaced = await replacedPartitions(reader, topic, ranges, new Map(lasts));
  const unknown = held.flatMap((one) =>
    positionsIn(one)
      .filter(lacksLast)
      .map(({ applied }) => [one.partition, applied] as const),
  );
  const anchors = await recordsAt(reader, topic, ranges, new Map(unknown));
  const gaps: Gaps = new Map(
    held.map((one) => {
      const tail = tailOf(one, ranges);
      return [one.partition, union([...gapsOf(one), ...(tail ? [tail] : [])])];
    }),
  );
  const log = await checkGaps(reader, topic, ranges, gaps);
  const checked = held.map((one) => {
    const empty = log.get(one.partition)?.empty ?? [];
    const tail = tailOf(one, ranges);
    const isTailEmpty = tail && empty.some(([first, last]) => first <= tail[0] && tail[1] <= last);
    const document = replaced.has(one.partition) ? withoutDiscarded(one.after) : one.after;
    const after = changePositions(document, (position) => {
      if (replaced.has(one.partition)) return position.lost ? position : { ...position, lost: 'log-replaced' };
      const anchor = anchors.get(one.partition);
      const isAnchored = anchor?.offset === position.applied && lacksLast(position);
      const closed = withoutRanges(isAnchored ? { ...position, last: anchor } : position, empty);
      return isTailEmpty && closed.applied === tail[0] - 1 ? through(closed, tail[1]) : closed;
    });
    return { ...one, after };
  });
  return { checked, misplaced: [...log.values()].flatMap((one) => one.misplaced) };
};
