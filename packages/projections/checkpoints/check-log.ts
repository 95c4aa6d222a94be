import type { DeliveredRecord } from '../event-bus.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import { type Checkpoint, type OffsetRange, subtract } from './checkpoint.ts';

/** What the log holds in the gaps of one partition. */
export type CheckedGaps = {
  /** The parts of the gaps that hold no record. */
  readonly empty: readonly OffsetRange[];
  /**
   * Records in the gaps whose headers may have made the sidecar deliver them with another partition or offset. It is
   * unknown whether the view has seen them.
   */
  readonly misplaced: readonly DeliveredRecord[];
};

/** Per partition the gaps, ascending. */
export type Gaps = ReadonlyMap<number, readonly OffsetRange[]>;

const readTimeoutMs = 10_000;
const allGapsResolved = new Error('every gap has been resolved');

/**
 * Looks up gaps in the log. Offsets without a record are normal: transactions leave control records, compaction removes
 * records. A record is missing only when the log holds it and it was never delivered. Reads all partitions
 * concurrently, each up to the first missing record. The result does not cover offsets before `ranges`, which the log
 * no longer holds.
 * @throws Error when the log cannot be read
 */
export const checkGaps = async (
  log: LogReader,
  topic: string,
  ranges: readonly PartitionRange[],
  gaps: Gaps,
): Promise<Map<number, CheckedGaps>> => {
  const readers = new Map(
    ranges.flatMap((range) => {
      const held = clip(gaps.get(range.partition) ?? [], range.begin, range.end);
      return held.length === 0 ? [] : [[range.partition, createGapReader(held)] as const];
    }),
  );
  const finished = new AbortController();
  const signal = AbortSignal.any([finished.signal, AbortSignal.timeout(readTimeoutMs)]);
  const spans = [...readers].map(([partition, { begin, end }]) => ({ partition, begin, end }));
  if (spans.length > 0)
    await log
      .read(
        topic,
        spans,
        async ({ partition, records, next }) => {
          readers.get(partition)?.add(records, next);
          if ([...readers.values()].every((reader) => reader.isDone())) finished.abort(allGapsResolved);
        },
        signal,
      )
      .catch((error) => {
        if (error !== allGapsResolved) throw error;
      });
  return new Map([...readers].map(([partition, reader]) => [partition, reader.result()]));
};

const createGapReader = (gaps: readonly OffsetRange[]) => {
  const [begin, end] = [(gaps[0] as OffsetRange)[0], (gaps.at(-1) as OffsetRange)[1] + 1];
  const misplaced: DeliveredRecord[] = [];
  let firstMissing: number | undefined;
  let readUpTo = begin;
  let gapIndex = 0;
  return {
    begin,
    end,
    isDone: () => firstMissing !== undefined || readUpTo >= end,
    add: (records: readonly DeliveredRecord[], next: number) => {
      for (const record of records) {
        const offset = record.offset as number;
        while (gapIndex < gaps.length && (gaps[gapIndex] as OffsetRange)[1] < offset) gapIndex++;
        const gap = gaps[gapIndex];
        if (firstMissing !== undefined || !gap || offset < gap[0]) continue;
        if (record.hasReservedHeaders) misplaced.push(record);
        else firstMissing = offset;
      }
      readUpTo = next;
    },
    result: (): CheckedGaps => {
      const held = misplaced.map(({ offset = 0 }) => [offset, offset] as const);
      return { empty: subtract(clip(gaps, begin, firstMissing ?? end), held), misplaced };
    },
  };
};

/**
 * Finds the partitions whose log was replaced: it holds another record at the offset of the last record seen, or ends
 * before it. The topic was deleted and created again, or lost its latest records.
 * @throws Error when the log cannot be read
 */
export const findReplacedPartitions = async (
  log: LogReader,
  topic: string,
  ranges: readonly PartitionRange[],
  seen: ReadonlyMap<number, NonNullable<Checkpoint['last']>>,
): Promise<Set<number>> => {
  const replaced = new Set<number>();
  const spans: PartitionRange[] = [];
  for (const { partition, begin, end } of ranges) {
    const last = seen.get(partition);
    if (last === undefined || last.offset < begin) continue;
    if (last.offset >= end) replaced.add(partition);
    else spans.push({ partition, begin: last.offset, end: last.offset + 1 });
  }
  if (spans.length > 0)
    await log.read(
      topic,
      spans,
      async ({ partition, records }) => {
        // A record without a time in the log (-1) was delivered with the time of the delivery, so the two always differ.
        const isOther = ({ timestamp, hasReservedHeaders }: DeliveredRecord) =>
          timestamp >= 0 && timestamp !== seen.get(partition)?.timestamp && !hasReservedHeaders;
        if (records.some(isOther)) replaced.add(partition);
      },
      AbortSignal.timeout(readTimeoutMs),
    );
  return replaced;
};

/** Reads per partition the record at an offset, as `last` of a checkpoint. @throws Error when the log cannot be read */
export const readLastRecords = async (
  log: LogReader,
  topic: string,
  ranges: readonly PartitionRange[],
  offsets: ReadonlyMap<number, number>,
): Promise<Map<number, NonNullable<Checkpoint['last']>>> => {
  const found = new Map<number, NonNullable<Checkpoint['last']>>();
  const spans = ranges.flatMap(({ partition, begin, end }) => {
    const offset = offsets.get(partition) ?? -1;
    return begin <= offset && offset < end ? [{ partition, begin: offset, end: offset + 1 }] : [];
  });
  if (spans.length > 0)
    await log.read(
      topic,
      spans,
      async ({ partition, records: [record] }) => {
        if (record) found.set(partition, { offset: record.offset as number, timestamp: record.timestamp });
      },
      AbortSignal.timeout(readTimeoutMs),
    );
  return found;
};

/** Restricts ranges to the offsets from `begin` to before `end`. */
const clip = (ranges: readonly OffsetRange[], begin: number, end: number): readonly OffsetRange[] =>
  subtract(ranges, [
    ...(begin > 0 ? [[0, begin - 1] as const] : []),
    [Math.max(begin, end), Number.MAX_SAFE_INTEGER] as const,
  ]);
