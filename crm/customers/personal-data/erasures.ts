import type { Kysely } from 'kysely';
import { purgeDeletedBytes } from '../../../packages/database/purge-deleted-bytes.ts';
import { backoff } from '../../../packages/runtime/retry.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { finishErasure, listPendingErasures, markRowsErased } from './erasure-job.ts';
import type { PersonalDataSources } from './personal-data-source.ts';

const retryAfterMs = backoff({ firstMs: 1_000, maxMs: 600_000 });

export type Erasures = {
  readonly sources: PersonalDataSources;
  /**
   * Finishes the work of all committed deletions and erasures. Calls during a run share the next run, so that the database
   * file is purged once for all of them. A failed run is retried in the background.
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

/** `db` must wait for locks: a batch that failed because of a short lock would start again from its beginning. */
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
      // `run` has logged the error, and plans the next attempt itself.
      retry = setTimeout(() => void complete().catch(() => {}), retryMs).unref();
      throw error;
    }
  };

  const complete = (): Promise<void> => {
    next ??= running.then(() => {
      next = undefined;
      const started = run();
      // The caller gets the error; the next run only waits until this one has ended.
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
      await next?.catch(() => {}); // `run` has logged it, and the next start completes the erasure.
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
        // After an abort, the next start of the service resumes the jobs.
        stop.throwIfAborted();
        if (job.person) await eraseInBatches?.(db, job.person, stop);
      }
      await markRowsErased(db, job);
    }
    if (jobs.some(({ erasesBytes }) => erasesBytes)) await purgeDeletedBytes(db);
    for (const job of jobs) await finishErasure(db, job);
  }
};
