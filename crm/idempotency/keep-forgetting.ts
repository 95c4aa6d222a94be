import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { CrmDatabase } from '../database/schema.ts';
import { forgetOldAnswers } from './answer-once.ts';

const everyMs = 60 * 60 * 1000;

/** Removes old answers now and every hour, until it is closed. */
export const keepForgetting = ({ db, now, log }: { db: Kysely<CrmDatabase>; now: () => number; log: Logger }) => {
  const forget = () =>
    forgetOldAnswers(db, now()).catch((error: unknown) =>
      log.warn({ err: error }, 'old answers not removed, will retry'),
    );
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
