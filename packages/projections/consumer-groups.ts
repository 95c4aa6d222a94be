import type { LogReader, PartitionRange } from './log-reader.ts';

type Offsets = ReadonlyMap<number, number>;

/** The consumer groups of a broker: reads and sets their committed offsets. */
export type ConsumerGroups = {
  /**
   * The committed offsets: per partition the offset after the last committed record. Partitions without a commit are
   * absent.
   */
  committed(group: string, topic: string): Promise<Offsets>;
  /**
   * Per partition the offset of the first record with this time or a later one; partitions without one are absent.
   * @param time in ms since 1970
   */
  offsetsAt(topic: string, time: number, ranges: readonly PartitionRange[]): Promise<Offsets>;
  /**
   * Sets committed offsets. `report` gets a line when the call has to wait until members leave the group.
   * @throws Error when the group has active members; the message names them
   */
  reset(group: string, topic: string, targets: Offsets, report: (line: string) => void): Promise<void>;
};

type Group = {
  readonly log: LogReader;
  readonly groups: ConsumerGroups;
  readonly group: string;
  readonly topic: string;
};

/**
 * The state of one partition. `lag` is the consumer lag in offsets; transactions and compaction leave some offsets
 * without a record.
 */
export type PartitionState = { partition: number; committed: number | 'none'; end: number; lag: number };

type GroupSource = Pick<Group, 'group' | 'topic'> & {
  readonly log: Pick<LogReader, 'offsets'>;
  readonly groups: Pick<ConsumerGroups, 'committed'>;
};

/** Reads per partition the range of the log, the group's committed offset (undefined if nothing is committed) and the lag. */
export const readGroupOffsets = async ({ log, groups, group, topic }: GroupSource) => {
  const ranges = await log.offsets(topic);
  const offsets = await groups.committed(group, topic);
  return ranges.map(({ partition, begin, end }) => {
    const committed = offsets.get(partition);
    return { partition, begin, end, committed, lag: end - (committed ?? begin) };
  });
};

/** Reads per partition the group's committed offset, the end offset and the lag. */
export const describeGroup = async (source: GroupSource): Promise<PartitionState[]> =>
  (await readGroupOffsets(source)).map(({ partition, committed, end, lag }) => ({
    partition,
    committed: committed ?? 'none',
    end,
    lag,
  }));

/**
 * Resets the group's offsets and returns the offset of each partition before and after. `to` is `earliest`, `latest`, a
 * time that Date.parse accepts, or PARTITION:OFFSET. With `dryRun` nothing is written.
 * @throws Error when the group has active members, or when `to` is not valid
 */
export const resetGroup = async (
  group: Group,
  { to, dryRun, report }: { to: string; dryRun: boolean; report: (line: string) => void },
) => {
  const before = await describeGroup(group);
  const targets = await resolveTargetOffsets(group, to);
  if (!dryRun) await group.groups.reset(group.group, group.topic, targets, report);
  return before.map(({ partition, committed, end }) => ({
    partition,
    from: committed,
    to: targets.get(partition) ?? committed,
    end,
  }));
};

const resolveTargetOffsets = async (
  { log, groups, topic }: Group,
  to: string,
): Promise<ReadonlyMap<number, number>> => {
  const ranges = await log.offsets(topic);
  const mapPartitions = (offsetOf: (range: PartitionRange) => number) =>
    new Map(ranges.map((range) => [range.partition, offsetOf(range)]));
  if (to === 'earliest') return mapPartitions(({ begin }) => begin);
  if (to === 'latest') return mapPartitions(({ end }) => end);
  const match = /^(\d+):(\d+)$/.exec(to);
  if (match) {
    const [partition, offset] = [Number(match[1]), Number(match[2])];
    const range = ranges.find((candidate) => candidate.partition === partition);
    if (!range || offset < range.begin || offset > range.end)
      throw new Error(
        `${to} is not an offset of ${topic}. Give PARTITION:OFFSET within ${ranges.map((r) => `${r.partition}:${r.begin}-${r.end}`).join(' ')}`,
      );
    return new Map([[partition, offset]]);
  }
  const time = Date.parse(to);
  if (Number.isNaN(time)) throw new Error(`${to} is neither earliest, latest, a time nor PARTITION:OFFSET.`);
  const found = await groups.offsetsAt(topic, time, ranges);
  // A partition without a record of that time or later is read from its end.
  return mapPartitions(({ partition, end }) => found.get(partition) ?? end);
};
