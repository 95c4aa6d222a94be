import type { LogReader, PartitionRange } from '../../../projections/log-reader.ts';
import { findSwitchBackTarget } from '../../../projections/rebuild/index.ts';
import type { RunningView } from '../../running-views.ts';
import { type ShownProgress, unknownProgress } from './progress.ts';
import type { RebuildJobs } from './rebuild-jobs.ts';
import type { ShownRebuild } from './show-rebuild.ts';

type Running = NonNullable<ShownRebuild['running']>;
type Sources = { readonly jobs: RebuildJobs; readonly topicLog: LogReader };

/** Reads what is known about the rebuild of a view, by any process. What the store or the broker does not tell is null. */
export const readRebuild = async (
  { registered, view }: RunningView,
  { jobs, topicLog }: Sources,
): Promise<ShownRebuild> => {
  const { name, topic } = registered.projection;
  const completeness = await view.completeness().catch(() => undefined);
  const { generation = null, previous = [], rebuild } = completeness ?? {};
  const target =
    generation && previous.length > 0 && !rebuild
      ? await findSwitchBackTarget(jobs.context, { answering: generation, previous }).catch(() => undefined)
      : undefined;
  const ranges = rebuild ? await topicLog.offsets(topic.name).catch(() => []) : [];
  return {
    view: name,
    generation,
    switchBackTo: target?.target ?? null,
    running: showStored(rebuild, ranges, jobs) ?? showJob(jobs),
    last: jobs.last() ?? null,
  };
};

type Rebuild = NonNullable<Awaited<ReturnType<RunningView['view']['completeness']>>['rebuild']>;

/** The rebuild that is stored, with the progress of this process if it works on it. */
const showStored = (
  rebuild: Rebuild | undefined,
  ranges: readonly PartitionRange[],
  jobs: RebuildJobs,
): Running | undefined => {
  if (!rebuild) return undefined;
  const { into, inPlace, phase, holder, leaseUntil, startedAt, snapshot } = rebuild;
  const job = jobs.current();
  const isActive = job?.holder === holder;
  return {
    ...{ into, inPlace, phase, holder, isActive },
    from: snapshot ? 'crm' : 'log',
    isHeld: leaseUntil !== 0,
    startedAt: new Date(startedAt).toISOString(),
    ...(isActive ? job.progress() : computeProgress(rebuild, ranges)),
  };
};

/** A rebuild of this process that has not taken the lease yet. */
const showJob = (jobs: RebuildJobs): Running | null => {
  const job = jobs.current();
  if (!job) return null;
  const { holder, startedAt, request } = job;
  return {
    ...{ into: null, phase: null, isActive: true, isHeld: false, holder, startedAt },
    inPlace: request?.inPlace ?? false,
    from: request?.fromSource ? 'crm' : 'log',
    ...job.progress(),
  };
};

const computeProgress = ({ phase, next }: Rebuild, ranges: readonly PartitionRange[]): ShownProgress => {
  if (phase !== 'replaying' || ranges.length === 0) return unknownProgress;
  const sum = (of: (range: PartitionRange) => number) => ranges.reduce((all, range) => all + of(range), 0);
  const done = sum(({ partition, begin, end }) => Math.min(Math.max(next[partition] ?? begin, begin), end) - begin);
  return { ...unknownProgress, done, total: sum(({ begin, end }) => end - begin) };
};
