import type { DeliveredRecord } from '../event-bus.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import { type Checkpoint, type OffsetRange, subtract } from './checkpoint.ts';

/** What the log says of the gaps in one partition. */
export type CheckedGaps = {
  /** What of the gaps is known to hold no record. */
  readonly empty: readonly OffsetRange[];
  /** Records in the gaps that a sidecar may have delivered under another place, so nothing says whether they were. */
  readonly misplaced: readonly DeliveredRecord[];
};

/** By partition, ascending. */
export type Gaps = ReadonlyMap<number, readonly OffsetRange[]>;

const giveUpAfterMs = 10_000;
const noMore = new Error('every gap is known to miss a record');

/**
 * Offsets without a record are normal: transactions leave markers, compaction leaves gaps. Only a record that the log holds
 * and that was never delivered is missing. Reads the gaps of all partitions side by side, each up to the first record in
 * it. `ranges` are what the log holds: before them all is removed, and nothing says what it was.
 * @throws Error when the log cannot be read
 */
export const checkGaps = async (
  log: LogReader,
  topic: string,
  ranges: readonly PartitionRange[],
  gaps: Gaps,
): Promise<Map<number, CheckedGaps>> => {
  const readings = new Map(
    ranges.flatMap((range) => {
      const held = clip(gaps.get(range.partition) ?? [], range.begin, range.end);
      return held.length === 0 ? [] : [[range.partition, readGaps(held)] as const];
    }),
  );
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(giveUpAfterMs)]);
  const spans = [...readings].map(([partition, { begin, end }]) => ({ partition, begin, end }));
  if (spans.length > 0)
    await log
      .read(
        topic,
        spans,
        async ({ partition, records, next }) => {
          readings.get(partition)?.take(records, next);
          if ([...readings.values()].every((reading) => reading.isDone())) enough.abort(noMore);
        },
        signal,
      )
      .catch((error) => {
        if (error !== noMore) throw error;
      });
  return new Map([...readings].map(([partition, reading]) => [partition, reading.answer()]));
};

const readGaps = (gaps: readonly OffsetRange[]) => {
  const [begin, end] = [(gaps[0] as OffsetRange)[0], (gaps.at(-1) as OffsetRange)[1] + 1];
  const misplaced: DeliveredRecord[] = [];
  let found: number | undefined;
  let readUpTo = begin;
  let n = 0;
  return {
    begin,
    end,
    isDone: () => found !== undefined || readUpTo >= end,
    take: (records: readonly DeliveredRecord[], next: number) => {
      for (const record of records) {
        const offset = record.offset as number;
        while (n < gaps.length && (gaps[n] as OffsetRange)[1] < offset) n++;
        const gap = gaps[n];
        if (found !== undefined || !gap || offset < gap[0]) continue;
        if (record.hasReservedHeaders) misplaced.push(record);
        else found = offset;
      }
      readUpTo = next;
    },
    answer: (): CheckedGaps => {
      const held = misplaced.map(({ offset = 0 }) => [offset, offset] as const);
      return { empty: subtract(clip(gaps, begin, found ?? end), held), misplaced };
    },
  };
};

/**
 * The partitions in which the log has another record where the last one was seen, or ends before it: the topic was deleted
 * and created again, or lost its tail. @throws Error when the log cannot be read
 */
export const replacedPartitions = async (
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
        // A record without a time (-1) was delivered with another one.
        const isOther = ({ timestamp, hasReservedHeaders }: DeliveredRecord) =>
          timestamp >= 0 && timestamp !== seen.get(partition)?.timestamp && !hasReservedHeaders;
        if (records.some(isOther)) replaced.add(partition);
      },
      AbortSignal.timeout(giveUpAfterMs),
    );
  return replaced;
};

/** By partition the record at an offset, as a position keeps its last one. @throws Error when the log cannot be read */
export const recordsAt = async (
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
      AbortSignal.timeout(giveUpAfterMs),
    );
  return found;
};

/** What of the ranges is from `begin` to before `end`. */
export const clip = (ranges: readonly OffsetRange[], begin: number, end: number): readonly OffsetRange[] =>
  subtract(ranges, [
    ...(begin > 0 ? [[0, begin - 1] as const] : []),
    [Math.max(begin, end), Number.MAX_SAFE_INTEGER] as const,
  ]);
