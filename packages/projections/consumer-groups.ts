import type { LogReader, PartitionRange } from './log-reader.ts';

type Offsets = ReadonlyMap<number, number>;

/** The consumer groups of a log: what they have committed, and how to set it. */
export type ConsumerGroups = {
  /** By partition the offset behind what the group has committed; nothing where it has committed nothing. */
  committed(group: string, topic: string): Promise<Offsets>;
  /** By partition the first record of that time or later; nothing where there is none. @param time in ms since 1970 */
  offsetsAt(topic: string, time: number, ranges: readonly PartitionRange[]): Promise<Offsets>;
  /** @throws Error when the group has live members, naming them */
  reset(group: string, topic: string, goals: Offsets, say: (line: string) => void): Promise<void>;
};

type Group = {
  readonly log: LogReader;
  readonly groups: ConsumerGroups;
  readonly group: string;
  readonly topic: string;
};

/** `lag` counts offsets: transactions and compaction leave some without a record. */
export type PartitionState = { partition: number; committed: number | 'none'; end: number; lag: number };

/** Per partition the group's committed offset, the end of the log, and how many offsets lie between. */
export const describeGroup = async ({ log, groups, group, topic }: Group): Promise<PartitionState[]> => {
  const ranges = await log.offsets(topic);
  const committed = await groups.committed(group, topic);
  return ranges.map(({ partition, begin, end }) => {
    const offset = committed.get(partition);
    return { partition, committed: offset ?? 'none', end, lag: end - (offset ?? begin) };
  });
};

/**
 * Sets the group's offsets, and answers where each partition was and is now.
 * @throws Error when the group has live members, naming them, or when `to` is no place
 */
export const resetGroup = async (
  group: Group,
  { to, dryRun, say }: { to: string; dryRun: boolean; say: (line: string) => void },
) => {
  const before = await describeGroup(group);
  const goals = await goalsOf(group, to);
  if (!dryRun) await group.groups.reset(group.group, group.topic, goals, say);
  return before.map(({ partition, committed, end }) => ({
    partition,
    from: committed,
    to: goals.get(partition) ?? committed,
    end,
  }));
};

const goalsOf = async ({ log, groups, topic }: Group, to: string): Promise<ReadonlyMap<number, number>> => {
  const ranges = await log.offsets(topic);
  const all = (offsetOf: (range: PartitionRange) => number) =>
    new Map(ranges.map((range) => [range.partition, offsetOf(range)]));
  if (to === 'earliest') return all(({ begin }) => begin);
  if (to === 'latest') return all(({ end }) => end);
  const place = /^(\d+):(\d+)$/.exec(to);
  if (place) {
    const [partition, offset] = [Number(place[1]), Number(place[2])];
    const range = ranges.find((candidate) => candidate.partition === partition);
    if (!range || offset < range.begin || offset > range.end)
      throw new Error(
        `${to} is no place of ${topic}: ${ranges.map((r) => `${r.partition}:${r.begin}-${r.end}`).join(' ')}`,
      );
    return new Map([[partition, offset]]);
  }
  const time = Date.parse(to);
  if (Number.isNaN(time)) throw new Error(`${to} is neither earliest, latest, a time nor PARTITION:OFFSET.`);
  const found = await groups.offsetsAt(topic, time, ranges);
  // Where no record is as late, reading starts at the end.
  return all(({ partition, end }) => found.get(partition) ?? end);
};
