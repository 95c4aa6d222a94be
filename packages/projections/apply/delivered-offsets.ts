import {
  advance,
  type Checkpoint,
  findGaps,
  initialCheckpoint,
  type OffsetRange,
  removeEmptyRanges,
} from '../checkpoints/checkpoint.ts';
import type { Mark } from '../dead-letters/dead-letter-marks.ts';
import { withDeadLetters } from '../dead-letters/open-dead-letters.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import {
  type CheckpointDocument,
  checkpointKey,
  updateCheckpoints,
  withoutDiscarded,
} from '../generations/checkpoint-document.ts';
import type { ProjectionRef } from '../generations/read-checkpoints.ts';

/** The offsets of one partition in a batch. */
export type PartitionOffsets = {
  readonly partition: number;
  /** Ascending, without duplicates. */
  readonly offsets: readonly number[];
  readonly timestamps: ReadonlyMap<number, number>;
  /** What the log holds at these offsets; set only if the offsets were unexpected and were looked up. */
  readonly log?: { readonly begin: number; readonly empty: readonly OffsetRange[]; readonly isReplaced: boolean };
};

/** By the key of the partition's checkpoint document. */
export type DeliveredOffsets = ReadonlyMap<string, PartitionOffsets>;

/** Collects the offsets per partition. Records without partition and offset, which some brokers deliver, are left out. */
export const collectOffsets = ({ name }: ProjectionRef, batch: readonly DeliveredRecord[]): DeliveredOffsets => {
  const byPartition = new Map<string, { partition: number; timestamps: Map<number, number> }>();
  let [lastTopic, lastPartition, key] = ['', -1, ''];
  for (const { topic, partition, offset, timestamp } of batch) {
    if (partition === undefined || offset === undefined) continue;
    // Most records have the same partition as the one before.
    if (topic !== lastTopic || partition !== lastPartition)
      [lastTopic, lastPartition, key] = [topic, partition, checkpointKey(name, topic, partition)];
    const held = byPartition.get(key);
    if (held) held.timestamps.set(offset, timestamp);
    else byPartition.set(key, { partition, timestamps: new Map([[offset, timestamp]]) });
  }
  return new Map(
    [...byPartition].map(([key, { partition, timestamps }]) => [
      key,
      { partition, timestamps, offsets: [...timestamps.keys()].sort((a, b) => a - b) },
    ]),
  );
};

/**
 * Whether the offsets have to be looked up in the log: they leave a gap, another record is at the offset of the last
 * one seen, or the partition is new.
 */
export const isUnexpected = (
  document: CheckpointDocument | undefined,
  { offsets, timestamps }: PartitionOffsets,
): boolean =>
  document === undefined ||
  Object.values(document.generations).some(
    (checkpoint) => findGaps(checkpoint, offsets).length > 0 || hasOtherRecord(checkpoint, timestamps),
  );

export const hasOtherRecord = ({ last }: Checkpoint, timestamps: ReadonlyMap<number, number>): boolean => {
  const timestamp = last && timestamps.get(last.offset);
  return timestamp !== undefined && timestamp !== last?.timestamp;
};

/**
 * The checkpoint document after the batch. `markedBy` returns, by generation, the documents of the batch that have or
 * had dead letters.
 */
export const advanceDocument = (
  document: CheckpointDocument,
  delivered: PartitionOffsets,
  markedBy: (number: number) => ReadonlyMap<string, readonly Mark[]>,
): CheckpointDocument =>
  updateCheckpoints(delivered.log?.isReplaced ? withoutDiscarded(document) : document, (checkpoint, number) =>
    withDeadLetters(advanceCheckpoint(checkpoint, delivered), delivered.partition, markedBy(number)),
  );

const advanceCheckpoint = (checkpoint: Checkpoint, { offsets, timestamps, log }: PartitionOffsets): Checkpoint => {
  // The log was replaced, so the offsets of the old log mean nothing in the new one.
  const { deadLetters, moreDeadLetters } = checkpoint;
  const before: Checkpoint = log?.isReplaced
    ? {
        ...initialCheckpoint,
        lost: 'log-replaced',
        ...(deadLetters && { deadLetters }),
        ...(moreDeadLetters && { moreDeadLetters }),
      }
    : checkpoint;
  const advanced = removeEmptyRanges(advance(before, offsets), log?.empty ?? []);
  const isTruncated = advanced.lost === undefined && advanced.missing.some(([first]) => first < (log?.begin ?? 0));
  const highest = offsets.at(-1) as number;
  if (advanced.applied === checkpoint.applied && !isTruncated && before === checkpoint) return advanced;
  return {
    ...advanced,
    ...(highest === advanced.applied && { last: { offset: highest, timestamp: timestamps.get(highest) ?? 0 } }),
    ...(isTruncated && { lost: 'log-truncated' as const }),
  };
};
