import type { Kysely } from 'kysely';
import { purgeDeletedBytes } from '../../database/purge-deleted-bytes.ts';
import { backoff } from '../../runtime/retry.ts';
import { createSerialQueue } from '../../runtime/serial-queue.ts';
import type { ViewSchema } from '../tables/schema.ts';

const retryAfterMs = backoff({ firstMs: 1_000, maxMs: 600_000 });

/** Requests a purge, in the transaction that deletes personal data, so that no kill between deletion and purge can lose it. */
export const requestPurge = async (trx: Kysely<ViewSchema>): Promise<void> => {
  await trx.insertInto('pendingPurge').ignore().values({ id: 1, requests: 0 }).execute();
  await trx
    .updateTable('pendingPurge')
    .set(({ eb }) => ({ requests: eb('requests', '+', 1) }))
    .execute();
};

export const readPurgeRequests = async (db: Kysely<ViewSchema>): Promise<number> =>
  (await db.selectFrom('pendingPurge').select('requests').executeTakeFirst())?.requests ?? 0;

export type PurgeJob = {
  /** Purges after the delay, once for all requests until then. A failed purge is logged and retried. */
  schedule(): void;
  /** Waits for a running purge. A scheduled one stays requested in the database. */
  close(): Promise<void>;
};

export type PurgeOptions = {
  readonly log: { warn(facts: object, message: string): void };
  /** How long further requests are awaited before the file is rewritten, in ms. Default: 1,000. */
  readonly purgeDelayMs?: number | undefined;
};

/** Purges deleted bytes in the background. */
export const createPurgeJob = (db: Kysely<ViewSchema>, { log, purgeDelayMs = 1_000 }: PurgeOptions): PurgeJob => {
  const inOrder = createSerialQueue();
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let isClosed = false;

  const purge = async () => {
    try {
      const requests = await readPurgeRequests(db);
      if (requests === 0) return;
      await purgeDeletedBytes(db);
      // A request since then needs another purge.
      await db.deleteFrom('pendingPurge').where('requests', '=', requests).execute();
      failures = 0;
    } catch (err) {
      const retryMs = retryAfterMs(++failures);
      log.warn({ err, retryMs }, 'deleted personal data may still be in the database file, will retry the purge');
      scheduleIn(retryMs);
    }
  };
  const scheduleIn = (ms: number) => {
    if (isClosed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void inOrder(purge);
    }, ms).unref();
  };

  return {
    schedule: () => scheduleIn(purgeDelayMs),
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      return inOrder(async () => {});
    },
  };
};
