import {
  advance,
  type Checkpoint,
  gapsBefore,
  type OffsetRange,
  unreadCheckpoint,
  withoutRanges,
} from '../checkpoints/checkpoint.ts';
import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import { withDeadLetters } from '../dead-letters/open-dead-letters.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import {
  type CheckpointDocument,
  checkpointKey,
  updateCheckpoints,
  withoutDiscarded,
} from '../generations/checkpoint-document.ts';
import type { Followed } from '../generations/read-checkpoints.ts';

/** What a batch brought of one partition. */
export type PartitionOffsets = {
  readonly partition: number;
  /** Ascending, each once. */
  readonly offsets: readonly number[];
  readonly timestamps: ReadonlyMap<number, number>;
  /** What was found out about the log, where something about the offsets was unexpected. */
  readonly log?: { readonly begin: number; readonly empty: readonly OffsetRange[]; readonly isReplaced: boolean };
};

/** By the key of a partition's position document. */
export type DeliveredOffsets = ReadonlyMap<string, PartitionOffsets>;

/** Records without a place are left out: some brokers report none. */
export const deliveredOffsets = ({ name }: Followed, batch: readonly DeliveredRecord[]): DeliveredOffsets => {
  const byPartition = new Map<string, { partition: number; timestamps: Map<number, number> }>();
  let [lastTopic, lastPartition, key] = ['', -1, ''];
  for (const { topic, partition, offset, timestamp } of batch) {
    if (partition === undefined || offset === undefined) continue;
    // Mostly the partition of the record before.
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

/** Whether the log has to be asked: a gap, another record where one was seen, or a partition that was never seen. */
export const isUnexpected = (
  document: CheckpointDocument | undefined,
  { offsets, timestamps }: PartitionOffsets,
): boolean =>
  document === undefined ||
  Object.values(document.generations).some(
    (position) => gapsBefore(position, offsets).length > 0 || isOtherRecord(position, timestamps),
  );

export const isOtherRecord = ({ last }: Checkpoint, timestamps: ReadonlyMap<number, number>): boolean => {
  const timestamp = last && timestamps.get(last.offset);
  return timestamp !== undefined && timestamp !== last?.timestamp;
};

/** The document once the batch is written. `markedBy` are the documents with dead letters that it touched, by generation. */
export const afterDelivery = (
  document: CheckpointDocument,
  delivered: PartitionOffsets,
  markedBy: (number: number) => ReadonlyMap<string, readonly PlacePair[]>,
): CheckpointDocument =>
  updateCheckpoints(delivered.log?.isReplaced ? withoutDiscarded(document) : document, (position, number) =>
    withDeadLetters(follow(position, delivered), delivered.partition, markedBy(number)),
  );

const follow = (position: Checkpoint, { offsets, timestamps, log }: PartitionOffsets): Checkpoint => {
  // The offsets of the log before mean nothing in this one.
  const { deadLetters, moreDeadLetters } = position;
  const before: Checkpoint = log?.isReplaced
    ? {
        ...unreadCheckpoint,
        lost: 'log-replaced',
        ...(deadLetters && { deadLetters }),
        ...(moreDeadLetters && { moreDeadLetters }),
      }
    : position;
  const advanced = withoutRanges(advance(before, offsets), log?.empty ?? []);
  const isTruncated = advanced.lost === undefined && advanced.missing.some(([first]) => first < (log?.begin ?? 0));
  const highest = offsets.at(-1) as number;
  if (advanced.applied === position.applied && !isTruncated && before === position) return advanced;
  return {
    ...advanced,
    ...(highest === advanced.applied && { last: { offset: highest, timestamp: timestamps.get(highest) ?? 0 } }),
    ...(isTruncated && { lost: 'log-truncated' as const }),
  };
};
