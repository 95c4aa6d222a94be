import { setTimeout as delay } from 'node:timers/promises';
import type { Generation } from '../../../projections/generations/index.ts';
import {
  abandon as abandonRebuild,
  describeGeneration,
  noProgress,
  type Progress,
  type RebuildContext,
  RebuildRefused,
  retire as retireGenerations,
  switchBack as switchViewBack,
} from '../../../projections/rebuild/index.ts';
import { DomainError } from '../../../runtime/domain-error.ts';
import {
  createRebuildContext,
  nameViewIn,
  openKnownKeys,
  openRebuildLog,
  openSource,
  prepareRebuild,
  type RebuildRequest,
} from '../../maintenance/index.ts';
import type { RegisteredView } from '../../views.ts';
import { describeError, type OperationsContext } from '../context.ts';
import { stopLogAt } from '../request-limits.ts';
import { describeOutcome, nothingCompared, type Result, remedy, toDomainError } from './describe-outcome.ts';
import { createShownProgress, type ShownProgress } from './progress.ts';
import type { EndedJob } from './show-rebuild.ts';

type Context = RebuildContext<unknown, object>;
type Action = EndedJob['action'];
export type SourceAddress = Pick<RebuildRequest, 'sourceUrl' | 'sourceAddress'>;

type Job = {
  readonly action: Action;
  readonly request: RebuildRequest | undefined;
  readonly holder: string;
  readonly startedAt: string;
  readonly progress: () => ShownProgress;
  stop(): void;
  /** Resolves when it has ended in any way. */
  readonly ended: Promise<void>;
};

/** The rebuilds of one view in this process: at most one at a time. */
export type RebuildJobs = {
  /** A context to read the state of the view. */
  readonly context: Context;
  current(): Job | undefined;
  last(): EndedJob | undefined;
  /** Resolves when the rebuild has begun or waits for a lease. @throws DomainError when it cannot begin */
  start(request: RebuildRequest): Promise<void>;
  /** Stops a rebuild of this process, and removes what an unfinished one has written. @throws DomainError as `start` */
  abandon(source: SourceAddress): Promise<void>;
  /** Removes the earlier generations. @throws DomainError as `start` */
  retire(source: SourceAddress): Promise<void>;
  switchBack(): Promise<Generation>;
  /** Stops a running rebuild; a later one continues it. */
  close(): Promise<void>;
};

/** A refusal comes sooner, and the caller of a route must not wait for the lease of a killed process. */
const answerAfterMs = 3_000;
const closeTimeoutMs = 500;

export const createRebuildJobs = (view: RegisteredView, operations: OperationsContext): RebuildJobs => {
  const { log, now, newId, names, topicLog } = operations;
  const projection = view.projection.name;
  let job: Job | undefined;
  let last: EndedJob | undefined;
  const openContext = (holder: string, logOfRun = topicLog, progress: Progress = noProgress): Context =>
    createRebuildContext(view, {
      ...operations,
      topicLog: logOfRun,
      stateStoreName: names.stateStoreName,
      holder,
      report: (line) => log.debug({ projection }, line),
      progress,
    });
  const context = openContext('');
  const currentTime = () => new Date(now()).toISOString();

  const begin = async (
    action: Action,
    request: RebuildRequest | undefined,
    work: (context: Context) => Promise<Result>,
  ): Promise<void> => {
    if (job)
      throw new DomainError('rebuild-in-progress', `${jobNames[job.action]} by this service is in progress.`, {
        remedy,
      });
    const stopping = new AbortController();
    const holder = `the service ${newId()}`;
    let onBegin = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      onBegin = resolve;
    });
    const progress = createShownProgress(onBegin);
    const readLog = stopLogAt(request ? openRebuildLog(topicLog, request) : topicLog, stopping.signal);
    const startedAt = currentTime();
    const record = (result: Result) => {
      last = { action, startedAt, endedAt: currentTime(), ...result };
    };
    let isAnswered = false;
    const run = work(openContext(holder, readLog, progress)).then(record, (error: unknown) => {
      const isStopped = stopping.signal.aborted;
      const detail = nameViewIn(describeError(error), view);
      if (isAnswered || isStopped) record({ ...nothingCompared, result: isStopped ? 'stopped' : 'failed', detail });
      if (!isStopped) log.warn({ err: error, projection }, `the ${action} failed`);
      if (!isAnswered) throw toDomainError(error, view);
    });
    const ended = run.catch(() => {});
    const own: Job = {
      action,
      request,
      holder,
      startedAt,
      progress: progress.show,
      stop: () => stopping.abort(stopped),
      ended,
    };
    job = own;
    void ended.then(() => {
      if (job === own) job = undefined;
    });
    await Promise.race([run, hasBegun, delay(answerAfterMs, undefined, { ref: false })]);
    isAnswered = true;
  };

  return {
    context,
    current: () => job,
    last: () => last,
    start: (request) =>
      begin('rebuild', request, async (run) => {
        const prepared = await prepareRebuild(run, view, request);
        // A refusal that does not depend on the lease comes before the wait for it, as in the command.
        await prepared.preflight();
        return describeOutcome(run, await prepared.rebuild());
      }),
    abandon: async (address) => {
      if (job?.action === 'rebuild' && !job.request?.inPlace) {
        const { ended, stop } = job;
        stop();
        await ended;
      }
      await begin('abandon', undefined, async (run) => {
        const known = await openKnownKeys(view, openSource(view, address), run.report);
        const generation = await abandonRebuild(run, known);
        const detail = `${describeGeneration(run, generation)} is given up and removed.`;
        return { ...nothingCompared, result: 'abandoned', generation, detail };
      });
    },
    retire: (address) =>
      begin('retire', undefined, async (run) => {
        const known = await openKnownKeys(view, openSource(view, address), run.report);
        const removed = await retireGenerations(run, known);
        const list = removed.map((generation) => describeGeneration(run, generation)).join(', ');
        const detail = list === '' ? 'There is no generation to remove.' : `${list} is removed.`;
        return { ...nothingCompared, result: 'retired', detail };
      }),
    switchBack: () =>
      switchViewBack(context).catch((error: unknown) => {
        throw toDomainError(error, view);
      }),
    close: async () => {
      job?.stop();
      await Promise.race([job?.ended, delay(closeTimeoutMs, undefined, { ref: false })]);
    },
  };
};

const jobNames: Record<Action, string> = {
  rebuild: 'A rebuild',
  abandon: 'The removal of a rebuild that was given up',
  retire: 'The removal of earlier generations',
};
const stopped = new RebuildRefused('The rebuild was stopped; a later one continues it.');
