import type { Kysely } from 'kysely';
import { createValueObserver, type MonotonicClock, type ValueObserver } from '../../../packages/runtime/lease.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { type ImportJob, listUnfinishedJobs, retryAdvice } from '../import-job.ts';

type Db = Kysely<CrmDatabase>;

/** How often a process touches its jobs and checks whether other jobs are silent. */
export const heartbeatEveryMs = 10_000;

const minuteMs = 60_000;
/** The limit is long for queued jobs, because a CRM that was stopped for a while resumes the jobs whose files it has. */
const silenceLimitMinutes = ({ foreground }: ImportJob) => (foreground ? 1 : 60);

/**
 * Marks these running or waiting jobs as alive. It increments a counter, because a clock that was set back would hide
 * it.
 */
export const touchJobs = async (db: Db, importIds: readonly string[]): Promise<void> => {
  if (importIds.length === 0) return;
  await db
    .updateTable('importJob')
    .set(({ eb }) => ({ updatedAt: eb('updatedAt', '+', 1) }))
    .where('importId', 'in', importIds)
    .execute();
};

/** Sends heartbeats for a foreground job, even while no row of it is committed. */
export const startHeartbeat = (db: Db, importId: string): { close(): Promise<void> } => {
  let heartbeat = Promise.resolve();
  const timer = setInterval(() => {
    // Errors are ignored, because the import itself reports a database outage.
    heartbeat = touchJobs(db, [importId]).catch(() => {});
  }, heartbeatEveryMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      await heartbeat;
    },
  };
};

/** Observes all unfinished jobs by a monotonic clock. Call `failSilent` with every heartbeat. */
export const observeJobs = ({ db, now, clock }: { db: Db; now: () => number; clock?: MonotonicClock }) => {
  const observed = new Map<string, ValueObserver>();
  const observerOf = (job: ImportJob) => {
    const observer = observed.get(job.importId) ?? createValueObserver(silenceLimitMinutes(job) * minuteMs, clock);
    observed.set(job.importId, observer);
    return observer;
  };
  return {
    /** Fails the jobs without a heartbeat: their process was killed, and none resumes them. Their imported rows stay. */
    failSilent: async (): Promise<void> => {
      const jobs = await listUnfinishedJobs(db);
      for (const importId of observed.keys())
        if (!jobs.some((job) => job.importId === importId)) observed.delete(importId);
      const silent = jobs.filter((job) => observerOf(job).isUnchanged(heartbeatValue(job)));
      for (const job of silent) await failIfUnchanged(db, job, now());
    },
  };
};

const heartbeatValue = ({ state, pass, line, updatedAt }: ImportJob) => `${state} ${pass} ${line} ${updatedAt}`;

const failIfUnchanged = async (db: Db, job: ImportJob, finishedAt: number) => {
  const minutes = silenceLimitMinutes(job);
  const duration = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const failure = `The import was interrupted: its process has sent no heartbeat for ${duration}. ${retryAdvice}`;
  await db
    .updateTable('importJob')
    .set({ state: 'failed', failure, finishedAt })
    .where('importId', '=', job.importId)
    .where('state', '=', job.state)
    .where('pass', '=', job.pass)
    .where('line', '=', job.line)
    .where('updatedAt', '=', job.updatedAt)
    .execute();
};
