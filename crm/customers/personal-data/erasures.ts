import type { Kysely } from 'kysely';
import { backoff } from '../../../packages/runtime/retry.ts';
import { type CrmDatabase, purgeDeletedBytes } from '../../database/index.ts';
import { finishErasure, listPendingErasures, markRowsErased } from './erasure-job.ts';
import type { PersonalDataSources } from './personal-data-source.ts';

const retryAfterMs = backoff({ firstMs: 1_000, maxMs: 600_000 });

export type Erasures = {
  readonly sources: PersonalDataSources;
  /**
   * Does all that committed deletions and erasures have left to do. Those that are asked for while it runs share the next
   * run, and so one cleaning of the file. What fails is tried again in the background.
   * @throws DomainError database-in-use, and what the database throws
   */
  complete(): Promise<void>;
  close(): Promise<void>;
};

type ErasuresContext = {
  readonly db: Kysely<CrmDatabase>;
  readonly sources: PersonalDataSources;
  readonly log?: { warn(about: object, message: string): void };
};

/** `db` must be patient: a batch that fails because the writer is busy for a moment would only begin again. */
export const createErasures = ({ db, sources, log }: ErasuresContext): Erasures => {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let failures = 0;
  const closing = new AbortController();

  const run = async () => {
    clearTimeout(retry);
    try {
      await completePending(db, sources, closing.signal);
      failures = 0;
    } catch (error) {
      if (closing.signal.aborted) throw error;
      const retryMs = retryAfterMs(++failures);
      log?.warn({ err: error, retryMs }, 'erasure not completed, will retry');
      retry = setTimeout(() => void complete().catch(() => {}), retryMs).unref();
      throw error;
    }
  };

  const complete = (): Promise<void> => {
    next ??= running.then(() => {
      next = undefined;
      const started = run();
      running = started.catch(() => {});
      return started;
    });
    return next;
  };

  return {
    sources,
    complete,
    close: async () => {
      closing.abort();
      clearTimeout(retry);
      await next?.catch(() => {});
      await running;
    },
  };
};

const completePending = async (db: Kysely<CrmDatabase>, sources: PersonalDataSources, stop: AbortSignal) => {
  for (;;) {
    const jobs = await listPendingErasures(db);
    if (jobs.length === 0) return;
    for (const job of jobs) {
      for (const { eraseInBatches } of Object.values(sources)) {
        // The next start continues.
        stop.throwIfAborted();
        if (job.person) await eraseInBatches?.(db, job.person, stop);
      }
      await markRowsErased(db, job);
    }
    if (jobs.some(({ erasesBytes }) => erasesBytes)) await purgeDeletedBytes(db);
    for (const job of jobs) await finishErasure(db, job);
  }
};
