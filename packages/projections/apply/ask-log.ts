import { checkGaps, replacedPartitions } from '../checkpoints/check-log.ts';
import { gapsBefore, union, unreadCheckpoint } from '../checkpoints/checkpoint.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import type { CheckpointDocument } from '../generations/checkpoint-document.ts';
import type { Followed } from '../generations/read-checkpoints.ts';
import type { LogReader } from '../log-reader.ts';
import { type DeliveredOffsets, isOtherRecord } from './delivered-offsets.ts';
import { type ParsedBatch, parseBatch } from './parse-batch.ts';

/**
 * The batch and its offsets once the log was asked about what is unexpected in them: with the records that the log holds
 * in a gap and a sidecar may have delivered under another place, and without places that the log does not have.
 * @throws Error when the log cannot be read
 */
export const verifyWithLog = async <Event, Document>(
  log: LogReader,
  projection: Projection<Event, Document>,
  { batch, offsets }: { readonly batch: ParsedBatch<Event>; readonly offsets: DeliveredOffsets },
  documents: ReadonlyMap<string, CheckpointDocument>,
): Promise<{ batch: ParsedBatch<Event>; offsets: DeliveredOffsets }> => {
  const { delivered, misplaced, isInLog } = await askLog(log, projection, offsets, documents);
  const { records } = batch;
  if (misplaced.length === 0 && records.every(isInLog)) return { batch, offsets: delivered };
  const placed = records.map((record) => (isInLog(record) ? record : withoutPlace(record)));
  return { batch: await parseBatch(projection, [...misplaced, ...placed]), offsets: delivered };
};

const withoutPlace = ({ partition: _, offset: __, replayOf: ___, ...record }: DeliveredRecord): DeliveredRecord =>
  record;

/**
 * Asks the log about offsets that are unexpected. A place that the log does not have was made up by the record's own
 * headers: it is dropped, and the record counts as one without a place. `misplaced` are records to be applied as well.
 * @throws Error when the log cannot be read
 */
const askLog = async (
  log: LogReader,
  { topic }: Followed,
  delivered: DeliveredOffsets,
  documents: ReadonlyMap<string, CheckpointDocument>,
): Promise<{
  delivered: DeliveredOffsets;
  misplaced: readonly DeliveredRecord[];
  /** Whether the log has the place that a record was delivered under. */
  isInLog: (record: DeliveredRecord) => boolean;
}> => {
  const ranges = await log.offsets(topic.name);
  const possible = [...delivered].flatMap(([key, held]) => {
    const range = ranges.find(({ partition }) => partition === held.partition);
    const offsets = range ? held.offsets.filter((offset) => offset < range.end) : [];
    return range && offsets.length > 0 ? [{ key, range, held: { ...held, offsets } }] : [];
  });
  const positionsOf = (key: string) => Object.values(documents.get(key)?.generations ?? { 1: unreadCheckpoint });
  const gaps = new Map(
    possible.map(({ key, held }) => [
      held.partition,
      union(positionsOf(key).flatMap((position) => gapsBefore(position, held.offsets))),
    ]),
  );
  const suspects = new Map(
    possible.flatMap(({ key, held }) => {
      const last = positionsOf(key).find((position) => isOtherRecord(position, held.timestamps))?.last;
      return last ? [[held.partition, last] as const] : [];
    }),
  );
  const replaced = await replacedPartitions(log, topic.name, ranges, suspects);
  const checked = await checkGaps(log, topic.name, ranges, gaps);
  const misplaced = [...checked.values()].flatMap((found) => found.misplaced);
  return {
    misplaced,
    isInLog: ({ partition, offset = 0 }) => ranges.some((range) => range.partition === partition && offset < range.end),
    delivered: new Map(
      possible.map(({ key, range, held }) => {
        const { empty = [], misplaced: own = [] } = checked.get(held.partition) ?? {};
        const there = own.map(({ offset = 0 }) => [offset, offset] as const);
        const known = union([...(held.log?.empty ?? []), ...empty, ...there]);
        const isReplaced = replaced.has(held.partition) || held.log?.isReplaced === true;
        return [key, { ...held, log: { begin: range.begin, empty: known, isReplaced } }];
      }),
    ),
  };
};
