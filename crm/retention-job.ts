import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { CrmDatabase } from './database/index.ts';
import { purgeOldAnswers } from './idempotency/index.ts';
import { purgeOldReports } from './imports/index.ts';

const intervalMs = 60 * 60 * 1000;

/** Purges old stored answers and old import reports at once and then every hour, until it is closed. */
export const startRetentionJob = ({ db, now, log }: { db: Kysely<CrmDatabase>; now: () => number; log: Logger }) => {
  const purge = async () => {
    for (const [what, remove] of Object.entries({ answers: purgeOldAnswers, reports: purgeOldReports }))
      await remove(db, now()).catch((error: unknown) =>
        log.warn({ err: error, what }, 'old rows not purged, will retry'),
      );
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
