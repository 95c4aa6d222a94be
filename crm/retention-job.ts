import type { Logger } from 'pino';
import { type CrmContext, repeatRemovals } from './customers/index.ts';
import { purgeOldAnswers } from './idempotency/index.ts';
import { purgeOldReports } from './imports/index.ts';

const intervalMs = 60 * 60 * 1000;

/**
 * Purges old stored answers and old import reports, and publishes removals of customers again, at once and then every hour, until it is
 * closed.
 */
export const startRetentionJob = (context: CrmContext & { readonly log: Logger }) => {
  const { db, now, log } = context;
  const work = {
    answers: () => purgeOldAnswers(db, now()),
    reports: () => purgeOldReports(db, now()),
    removals: () => repeatRemovals(context),
  };
  const purge = async () => {
    for (const [what, run] of Object.entries(work))
      await run().catch((error: unknown) => log.warn({ err: error, what }, 'hourly work not done, will retry'));
  };
  let running = purge();
  const timer = setInterval(() => {
    running = purge();
  }, intervalMs);
  return {
    close: async (): Promise<void> => {
      clearInterval(timer);
      await running;
    },
  };
};
