import { type CheckedGaps, checkGaps, type Gaps, recordsAt, replacedPartitions } from '../checkpoints/check-log.ts';
import { type Checkpoint, type OffsetRange, through, union, withoutRanges } from '../checkpoints/checkpoint.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { type CheckpointDocument, updateCheckpoints, withoutDiscarded } from '../generations/checkpoint-document.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';

/** The position document of one partition, as it was read. */
export type HeldDocument = {
  readonly partition: number;
  readonly key: string;
  readonly etag: string | undefined;
  readonly document: CheckpointDocument;
};

/** And as it is to be written. */
export type Changed = HeldDocument & { readonly after: CheckpointDocument };

export const checkpointsIn = ({ after }: Changed): Checkpoint[] => Object.values(after.generations);

/** After a rebuild, or from an earlier version: without the last record another log would not be recognised. */
export const lacksLast = ({ applied, last, lost }: Checkpoint): boolean => applied >= 0 && !last && !lost;

export const gapsOf = (one: Changed): OffsetRange[] => union(checkpointsIn(one).flatMap(({ missing }) => missing));

/** What is between the position and the end of the log: records that are on their way, or the marker of a transaction. */
export const tailOf = (one: Changed, ranges: readonly PartitionRange[]): OffsetRange | undefined => {
  const end = ranges.find(({ partition }) => partition === one.partition)?.end ?? 0;
  const applied = Math.max(-1, ...checkpointsIn(one).map((position) => position.applied));
  return applied >= 0 && applied < end - 1 ? [applied + 1, end - 1] : undefined;
};

/** What the log says, whatever becomes of the positions meanwhile. */
export type LogAnswer = {
  readonly ranges: readonly PartitionRange[];
  readonly replaced: ReadonlySet<number>;
  readonly anchors: ReadonlyMap<number, NonNullable<Checkpoint['last']>>;
  readonly gaps: ReadonlyMap<number, CheckedGaps>;
  readonly misplaced: readonly DeliveredRecord[];
};
export const nothingKnown: LogAnswer = {
  ranges: [],
  replaced: new Set(),
  anchors: new Map(),
  gaps: new Map(),
  misplaced: [],
};

export const askLog = async (
  { reader, topic }: { readonly reader: LogReader; readonly topic: string },
  held: readonly Changed[],
): Promise<LogAnswer> => {
  // Read after the positions: the other way round a view that follows would seem to be ahead of the log.
  const ranges = await reader.offsets(topic);
  const lasts = held.flatMap((one) => {
    const last = checkpointsIn(one).find((position) => position.last)?.last;
    return last ? [[one.partition, last] as const] : [];
  });
  const replaced = await replacedPartitions(reader, topic, ranges, new Map(lasts));
  const unknown = held.flatMap((one) =>
    checkpointsIn(one)
      .filter(lacksLast)
      .map(({ applied }) => [one.partition, applied] as const),
  );
  const anchors = await recordsAt(reader, topic, ranges, new Map(unknown));
  const asked: Gaps = new Map(
    held.map((one) => {
      const tail = tailOf(one, ranges);
      return [one.partition, union([...gapsOf(one), ...(tail ? [tail] : [])])];
    }),
  );
  const gaps = await checkGaps(reader, topic, ranges, asked);
  return { ranges, replaced, anchors, gaps, misplaced: [...gaps.values()].flatMap((one) => one.misplaced) };
};

export const withAnswer = (one: Changed, { ranges, replaced, anchors, gaps }: LogAnswer): Changed => {
  const empty = gaps.get(one.partition)?.empty ?? [];
  const tail = tailOf(one, ranges);
  const isTailEmpty = tail && empty.some(([first, last]) => first <= tail[0] && tail[1] <= last);
  const document = replaced.has(one.partition) ? withoutDiscarded(one.after) : one.after;
  const after = updateCheckpoints(document, (position) => {
    if (replaced.has(one.partition)) return position.lost ? position : { ...position, lost: 'log-replaced' };
    const anchor = anchors.get(one.partition);
    const isAnchored = anchor?.offset === position.applied && lacksLast(position);
    const closed = withoutRanges(isAnchored ? { ...position, last: anchor } : position, empty);
    return isTailEmpty && closed.applied === tail[0] - 1 ? through(closed, tail[1]) : closed;
  });
  return { ...one, after };
};
