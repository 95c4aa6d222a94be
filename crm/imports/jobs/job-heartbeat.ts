import type { Kysely } from 'kysely';
import { createValueObserver, type MonotonicClock, type ValueObserver } from '../../../packages/runtime/lease.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { type ImportJob, listUnfinishedJobs, retryAdvice } from '../import-job.ts';

type Db = Kysely<CrmDatabase>;

/** How often a process says that its jobs are alive, and looks for those of others that are not. */
export const heartbeatEveryMs = 10_000;

const minuteMs = 60_000;
/** A CRM may be away for a while: when it is back it continues its jobs, whose files it has. */
const silenceLimitMinutes = ({ foreground }: ImportJob) => (foreground ? 1 : 60);

/** Says that these jobs, done or waiting here, are alive. A clock that was set back must not hide that: so it counts. */
export const touchJobs = async (db: Db, importIds: readonly string[]): Promise<void> => {
  if (importIds.length === 0) return;
  await db
    .updateTable('importJob')
    .set(({ eb }) => ({ updatedAt: eb('updatedAt', '+', 1) }))
    .where('importId', 'in', importIds)
    .execute();
};

/** Keeps a job alive that is done in the foreground, also while no row of it is committed. */
export const startHeartbeat = (db: Db, importId: string): { close(): Promise<void> } => {
  let heartbeat = Promise.resolve();
  const timer = setInterval(() => {
    // The import itself reports a database that is away.
    heartbeat = touchJobs(db, [importId]).catch(() => {});
  }, heartbeatEveryMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      await heartbeat;
    },
  };
};

/** Observes all unfinished jobs; call `failSilent` with every heartbeat. */
export const observeJobs = ({ db, now, clock }: { db: Db; now: () => number; clock?: MonotonicClock }) => {
  const observed = new Map<string, ValueObserver>();
  const observerOf = (job: ImportJob) => {
    const observer = observed.get(job.importId) ?? createValueObserver(silenceLimitMinutes(job) * minuteMs, clock);
    observed.set(job.importId, observer);
    return observer;
  };
  return {
    /** Ends the jobs without a sign of life: their process was killed, and none continues them. What is done of them stays. */
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
  const failure = `It broke off: the process that did it has given no sign of life for ${duration}. ${retryAdvice}`;
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
