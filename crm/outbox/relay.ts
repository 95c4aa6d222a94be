import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { EventBus } from '../../packages/projections/event-bus.ts';
import { type MonotonicClock, monotonicClock } from '../../packages/runtime/lease.ts';
import { backoff } from '../../packages/runtime/retry.ts';
import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';
import type { CrmDatabase } from '../database/index.ts';
import { lastWaiting, relayBatch } from './relay-batch.ts';
import { relayLease, relayLeaseMs } from './relay-lease.ts';

const batchSize = 500;
const smallBatchSize = 16;
/** Another process that writes to the same database cannot wake us. */
const pollEveryMs = 250;
const afterFailureMs = 100;
const retryAfterMs = backoff({ firstMs: afterFailureMs, mostMs: 5_000 });

export type Relay = {
  /** Our name in the lease. */
  readonly holder: string;
  /** Call it after a commit that may have filled the outbox. */
  wake(): void;
  /** Publishes what waits, as far as `flushForMs` allows, and stops. */
  close(flushForMs: number): Promise<void>;
};

type RelayContext = {
  db: Kysely<CrmDatabase>;
  bus: EventBus;
  log: Logger;
  newId: () => string;
  leaseMs?: number;
  clock?: MonotonicClock;
};

/**
 * Publishes the outbox in its order, one batch in flight, and removes row by row what the bus acknowledged; of all that
 * share the database, one at a time. When killed between the two it, or another, publishes the same ids and revisions
 * again, which no consumer can tell apart. What cannot be published now is passed over until the next round, so it never
 * blocks the rest; so is a row whose transaction commits later than those behind it, as each round begins at the
 * beginning.
 */
export const startRelay = ({
  db,
  bus,
  log,
  newId,
  leaseMs = relayLeaseMs,
  clock = monotonicClock,
}: RelayContext): Relay => {
  const holder = newId();
  const lease = relayLease({ db, holder, log, leaseMs, clock });
  const closing = new AbortController();
  let woken = new AbortController();
  let flushUntil = Number.POSITIVE_INFINITY;
  let size = batchSize;
  /** Rounds in a row that did not publish all. */
  let failures = 0;
  let busyAt = clock();

  const releaseLease = () =>
    lease.release().catch((error: unknown) => log.debug({ err: error }, 'relay lease left to expire'));

  /** Once an outage; what follows is the same again. */
  const tell = (failure: unknown, message: string, first: boolean) =>
    log[first && failures === 0 ? 'warn' : 'debug']({ err: failure }, message);

  /**
   * Goes once through what waits now; answers whether there was anything for us, whether any of it failed, and whether all
   * that waited is published now.
   */
  const round = async () => {
    const outcome = { found: false, failed: false, published: true };
    const upTo = await lastWaiting(db);
    for (let after = 0; upTo !== undefined && after < upTo; ) {
      if (!(await lease.hold())) return { ...outcome, published: false };
      const { last, failure } = await relayBatch({ db, bus }, { after, upTo, size });
      if (last === undefined) break;
      after = last;
      outcome.found = true;
      // A broker that is away fails a large batch slowly, and a small one soon.
      size = failure ? smallBatchSize : Math.min(size * 4, batchSize);
      if (closing.signal.aborted && (failure || clock() > flushUntil)) return { ...outcome, failed: true };
      if (!failure) continue;
      tell(failure, 'outbox not published, will retry', !outcome.failed);
      outcome.failed = true;
      outcome.published = false;
      await sleepUnlessAborted(afterFailureMs, closing.signal);
    }
    return outcome;
  };

  const run = async () => {
    for (;;) {
      const { found, failed, published } = await round().catch((error: unknown) => {
        tell(error, 'outbox cannot be read, will retry', true);
        return { found: true, failed: true, published: false };
      });
      if (closing.signal.aborted && (failed || !found)) return;
      if (found) busyAt = clock();
      if (failed) {
        failures += 1;
        const pauseMs = retryAfterMs(failures);
        // The bus of another instance may work.
        if (pauseMs >= leaseMs) await releaseLease();
        await sleepUnlessAborted(pauseMs, closing.signal);
        continue;
      }
      if (failures > 0 && published) {
        log.info('outbox published again');
        failures = 0;
      }
      if (!found) {
        if (clock() - busyAt > leaseMs) await releaseLease();
        await sleepUnlessAborted(pollEveryMs, woken.signal);
        woken = new AbortController();
      }
    }
  };
  const running = run();

  return {
    holder,
    wake: () => woken.abort(),
    close: async (flushForMs) => {
      flushUntil = clock() + flushForMs;
      closing.abort();
      woken.abort();
      await running;
      await releaseLease();
    },
  };
};
