import { type Pointer, readPointer } from '../../../projections/generations/index.ts';
import type { LogReader, PartitionRange } from '../../../projections/log-reader.ts';
import { findSwitchBackTarget } from '../../../projections/rebuild/index.ts';
import type { RegisteredView } from '../../views.ts';
import { type ShownProgress, unknownProgress } from './progress.ts';
import type { RebuildJobs } from './rebuild-jobs.ts';
import type { ShownRebuild } from './show-rebuild.ts';

type Running = NonNullable<ShownRebuild['running']>;
type Rebuild = NonNullable<Pointer['rebuild']>;
type Sources = { readonly jobs: RebuildJobs; readonly topicLog: LogReader };

/**
 * Reads from the store what is known about the rebuild of a view, by any process, so that nothing is lost with a killed one. What
 * the store or the broker does not tell is null.
 */
export const readRebuild = async (
  { projection: { name, topic } }: RegisteredView,
  { jobs, topicLog }: Sources,
): Promise<ShownRebuild> => {
  const { stores } = jobs.context;
  const pointer = await readPointer(stores(), name).catch(() => undefined);
  const { rebuild, retired = [] } = pointer ?? {};
  const target =
    pointer && pointer.previous.length > 0 && !rebuild
      ? await findSwitchBackTarget(jobs.context, pointer).catch(() => undefined)
      : undefined;
  const ranges = rebuild ? await topicLog.offsets(topic.name).catch(() => []) : [];
  return {
    view: name,
    generation: pointer?.answering ?? null,
    switchBackTo: target?.target ?? null,
    running: showStored(rebuild, ranges, jobs) ?? showJob(jobs),
    last: jobs.last() ?? null,
    retiring: retired.length > 0 ? { generations: [...retired], isActive: jobs.current()?.action === 'retire' } : null,
  };
};

/** The rebuild that is stored, with the progress of this process if it works on it. */
const showStored = (
  rebuild: Rebuild | undefined,
  ranges: readonly PartitionRange[],
  jobs: RebuildJobs,
): Running | undefined => {
  if (!rebuild) return undefined;
  const { into, inPlace, phase, holder, leaseUntil, startedAt, snapshot } = rebuild;
  const job = jobs.current();
  const isHolder = job?.holder === holder;
  const progress = isHolder ? job.progress() : computeProgress(rebuild, ranges);
  return {
    ...{ into, inPlace, phase, holder },
    from: snapshot ? 'crm' : 'log',
    isActive: job !== undefined,
    isHeld: leaseUntil !== 0,
    startedAt: new Date(startedAt).toISOString(),
    ...progress,
    ...(job && !isHolder && { step: 'waiting for the lease' }),
    continueWith: job ? null : describeContinuation(rebuild),
  };
};

/** The request that continues a rebuild on which this process does not work. */
const describeContinuation = ({ into: { store }, inPlace, phase, snapshot }: Rebuild): Running['continueWith'] =>
  phase === 'abandoned'
    ? { path: '/operations/rebuild/abandon', body: null }
    : {
        path: '/operations/rebuild',
        body: { from: snapshot ? 'crm' : 'log', inPlace, ...(store !== undefined && { into: store }) },
      };

/** A rebuild of this process that has not taken the lease yet. */
const showJob = (jobs: RebuildJobs): Running | null => {
  const job = jobs.current();
  if (job?.action !== 'rebuild') return null;
  const { holder, startedAt, request } = job;
  return {
    ...{ into: null, phase: null, isActive: true, isHeld: false, holder, startedAt, continueWith: null },
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
