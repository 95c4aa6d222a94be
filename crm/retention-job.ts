import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { CrmDatabase } from './database/index.ts';
import { purgeOldAnswers } from './idempotency/index.ts';
import { purgeOldReports } from './imports/index.ts';

const everyMs = 60 * 60 * 1000;

/** Removes old answers and old reports of imports now and every hour, until it is closed. */
export const startRetentionJob = ({ db, now, log }: { db: Kysely<CrmDatabase>; now: () => number; log: Logger }) => {
  const forget = async () => {
    for (const [what, remove] of Object.entries({ answers: purgeOldAnswers, reports: purgeOldReports }))
      await remove(db, now()).catch((error: unknown) => log.warn({ err: error, what }, 'not removed, will retry'));
  };
  let running = forget();
  const timer = setInterval(() => {
    running = forget();
  }, everyMs);
  return {
    close: async (): Promise<void> => {
      clearInterval(timer);
      await running;
    },
  };
};
