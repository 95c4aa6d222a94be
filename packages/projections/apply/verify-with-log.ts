import { checkGaps, findReplacedPartitions } from '../checkpoints/check-log.ts';
import { findGaps, initialCheckpoint, union } from '../checkpoints/checkpoint.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import type { CheckpointDocument } from '../generations/checkpoint-document.ts';
import type { ProjectionRef } from '../generations/read-checkpoints.ts';
import type { LogReader } from '../log-reader.ts';
import { type DeliveredOffsets, hasOtherRecord } from './delivered-offsets.ts';
import { type ParsedBatch, parseBatch } from './parse-batch.ts';

/**
 * Compares unexpected offsets of a batch with the log. Returns the batch with the records that the log holds in a gap
 * and that a sidecar may have delivered with a wrong partition or offset, and without partitions and offsets that the
 * log does not have.
 * @throws Error when the log cannot be read
 */
export const verifyWithLog = async <Event, Document>(
  log: LogReader,
  projection: Projection<Event, Document>,
  { batch, offsets }: { readonly batch: ParsedBatch<Event>; readonly offsets: DeliveredOffsets },
  documents: ReadonlyMap<string, CheckpointDocument>,
): Promise<{ batch: ParsedBatch<Event>; offsets: DeliveredOffsets }> => {
  const { delivered, misplaced, isInLog } = await queryLog(log, projection, offsets, documents);
  const { records } = batch;
  if (misplaced.length === 0 && records.every(isInLog)) return { batch, offsets: delivered };
  const trusted = records.map((record) => (isInLog(record) ? record : withoutPlace(record)));
  return { batch: await parseBatch(projection, [...misplaced, ...trusted]), offsets: delivered };
};

const withoutPlace = ({ partition: _, offset: __, replayOf: ___, ...record }: DeliveredRecord): DeliveredRecord =>
  record;

/**
 * Looks up unexpected offsets in the log. A partition or offset that the log does not have comes from the record's own
 * headers: it is dropped, and the record is handled like one without a place. `misplaced` are records that have to be
 * applied as well.
 * @throws Error when the log cannot be read
 */
const queryLog = async (
  log: LogReader,
  { topic }: ProjectionRef,
  delivered: DeliveredOffsets,
  documents: ReadonlyMap<string, CheckpointDocument>,
): Promise<{
  delivered: DeliveredOffsets;
  misplaced: readonly DeliveredRecord[];
  /** Whether the log has the partition and offset with which a record was delivered. */
  isInLog: (record: DeliveredRecord) => boolean;
}> => {
  const ranges = await log.offsets(topic.name);
  const inLog = [...delivered].flatMap(([key, held]) => {
    const range = ranges.find(({ partition }) => partition === held.partition);
    const offsets = range ? held.offsets.filter((offset) => offset < range.end) : [];
    return range && offsets.length > 0 ? [{ key, range, held: { ...held, offsets } }] : [];
  });
  const checkpointsOf = (key: string) => Object.values(documents.get(key)?.generations ?? { 1: initialCheckpoint });
  const gaps = new Map(
    inLog.map(({ key, held }) => [
      held.partition,
      union(checkpointsOf(key).flatMap((checkpoint) => findGaps(checkpoint, held.offsets))),
    ]),
  );
  const lastSeen = new Map(
    inLog.flatMap(({ key, held }) => {
      const last = checkpointsOf(key).find((checkpoint) => hasOtherRecord(checkpoint, held.timestamps))?.last;
      return last ? [[held.partition, last] as const] : [];
    }),
  );
  const replaced = await findReplacedPartitions(log, topic.name, ranges, lastSeen);
  const checked = await checkGaps(log, topic.name, ranges, gaps);
  const misplaced = [...checked.values()].flatMap((result) => result.misplaced);
  return {
    misplaced,
    isInLog: ({ partition, offset = 0 }) => ranges.some((range) => range.partition === partition && offset < range.end),
    delivered: new Map(
      inLog.map(({ key, range, held }) => {
        const { empty: checkedEmpty = [], misplaced: inPartition = [] } = checked.get(held.partition) ?? {};
        const misplacedRanges = inPartition.map(({ offset = 0 }) => [offset, offset] as const);
        const empty = union([...(held.log?.empty ?? []), ...checkedEmpty, ...misplacedRanges]);
        const isReplaced = replaced.has(held.partition) || held.log?.isReplaced === true;
        return [key, { ...held, log: { begin: range.begin, empty, isReplaced } }];
      }),
    ),
  };
};
