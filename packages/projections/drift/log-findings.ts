import {
  type CheckedGaps,
  checkGaps,
  findReplacedPartitions,
  type Gaps,
  readLastRecords,
} from '../checkpoints/check-log.ts';
import {
  advanceThrough,
  type Checkpoint,
  type OffsetRange,
  removeEmptyRanges,
  union,
} from '../checkpoints/checkpoint.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { type CheckpointDocument, updateCheckpoints, withoutDiscarded } from '../generations/checkpoint-document.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';

/** The checkpoint document of one partition, as it was read. */
export type StoredDocument = {
  readonly partition: number;
  readonly key: string;
  readonly etag: string | undefined;
  readonly document: CheckpointDocument;
};

/** A stored document, and how it has to be written. */
export type DocumentChange = StoredDocument & { readonly after: CheckpointDocument };

export const checkpointsIn = ({ after }: DocumentChange): Checkpoint[] => Object.values(after.generations);

/**
 * Whether the last record is unknown, as after a rebuild or in documents of earlier versions. Without it a replaced log
 * would not be noticed.
 */
export const lacksLastRecord = ({ applied, last, lost }: Checkpoint): boolean => applied >= 0 && !last && !lost;

export const gapsOf = (change: DocumentChange): OffsetRange[] =>
  union(checkpointsIn(change).flatMap(({ missing }) => missing));

/**
 * The offsets between the checkpoint and the end of the log: records that are on their way, or the marker of a
 * transaction.
 */
export const tailOf = (change: DocumentChange, ranges: readonly PartitionRange[]): OffsetRange | undefined => {
  const end = ranges.find(({ partition }) => partition === change.partition)?.end ?? 0;
  const applied = Math.max(-1, ...checkpointsIn(change).map((checkpoint) => checkpoint.applied));
  return applied >= 0 && applied < end - 1 ? [applied + 1, end - 1] : undefined;
};

/** What the log says about the checkpoints; it stays true while the checkpoints change. */
export type LogFindings = {
  readonly ranges: readonly PartitionRange[];
  readonly replaced: ReadonlySet<number>;
  readonly lastRecords: ReadonlyMap<number, NonNullable<Checkpoint['last']>>;
  readonly gaps: ReadonlyMap<number, CheckedGaps>;
  readonly misplaced: readonly DeliveredRecord[];
};
export const noFindings: LogFindings = {
  ranges: [],
  replaced: new Set(),
  lastRecords: new Map(),
  gaps: new Map(),
  misplaced: [],
};

/** Looks up gaps, last records and the end of the log. @throws Error when the log cannot be read */
export const queryLog = async (
  { reader, topic }: { readonly reader: LogReader; readonly topic: string },
  changes: readonly DocumentChange[],
): Promise<LogFindings> => {
  // Read after the checkpoints: in the other order a view that follows the log would seem to be ahead of it.
  const ranges = await reader.offsets(topic);
  const lastSeen = changes.flatMap((change) => {
    const last = checkpointsIn(change).find((checkpoint) => checkpoint.last)?.last;
    return last ? [[change.partition, last] as const] : [];
  });
  const replaced = await findReplacedPartitions(reader, topic, ranges, new Map(lastSeen));
  const withoutLastRecord = changes.flatMap((change) =>
    checkpointsIn(change)
      .filter(lacksLastRecord)
      .map(({ applied }) => [change.partition, applied] as const),
  );
  const lastRecords = await readLastRecords(reader, topic, ranges, new Map(withoutLastRecord));
  const gapsToCheck: Gaps = new Map(
    changes.map((change) => {
      const tail = tailOf(change, ranges);
      return [change.partition, union([...gapsOf(change), ...(tail ? [tail] : [])])];
    }),
  );
  const gaps = await checkGaps(reader, topic, ranges, gapsToCheck);
  return { ranges, replaced, lastRecords, gaps, misplaced: [...gaps.values()].flatMap((checked) => checked.misplaced) };
};

/** Applies the findings to a document: closes gaps without records, and marks a replaced log. */
export const applyFindings = (
  change: DocumentChange,
  { ranges, replaced, lastRecords, gaps }: LogFindings,
): DocumentChange => {
  const empty = gaps.get(change.partition)?.empty ?? [];
  const tail = tailOf(change, ranges);
  const isTailEmpty = tail && empty.some(([first, last]) => first <= tail[0] && tail[1] <= last);
  const document = replaced.has(change.partition) ? withoutDiscarded(change.after) : change.after;
  const after = updateCheckpoints(document, (checkpoint) => {
    if (replaced.has(change.partition)) return checkpoint.lost ? checkpoint : { ...checkpoint, lost: 'log-replaced' };
    const lastRecord = lastRecords.get(change.partition);
    const isLastKnown = lastRecord?.offset === checkpoint.applied && lacksLastRecord(checkpoint);
    const updated = removeEmptyRanges(isLastKnown ? { ...checkpoint, last: lastRecord } : checkpoint, empty);
    return isTailEmpty && updated.applied === tail[0] - 1 ? advanceThrough(updated, tail[1]) : updated;
  });
  return { ...change, after };
};
