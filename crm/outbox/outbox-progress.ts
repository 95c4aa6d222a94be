import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { createValueObserver, type MonotonicClock, monotonicClock } from '../../packages/runtime/lease.ts';
import { createSerialQueue } from '../../packages/runtime/serial-queue.ts';
import type { CrmDatabase } from '../database/index.ts';
import { readOutboxBacklog } from './outbox.ts';
import { leaseValue, readRelayLease, relayLeaseMs } from './relay-lease.ts';

/** The outbox makes no progress when its oldest event stays the same for this long. */
const stalledAfterMs = 10_000;
const pollIntervalMs = 1_000;

export type OutboxProgress = {
  /** @throws Error while the outbox makes no progress; its message names the oldest event and what to check */
  check(): Promise<void>;
  /** The instance that relays; null when the lease is free or is not renewed. */
  relayedBy(): Promise<string | null>;
  close(): Promise<void>;
};

type ProgressContext = { db: Kysely<CrmDatabase>; log: Logger; clock?: MonotonicClock };

/**
 * Observes the outbox by a monotonic clock, in every instance, whether it relays or not. Progress means that the oldest
 * event changes: an event that can never be published stays the oldest while later events are published.
 */
export const watchOutbox = ({ db, log, clock = monotonicClock }: ProgressContext): OutboxProgress => {
  const oldestEvent = createValueObserver(stalledAfterMs, clock);
  const lease = createValueObserver(relayLeaseMs, clock);
  let isStalled = false;

  const readLeaseHolder = async () => {
    const current = await readRelayLease(db);
    return lease.isUnchanged(leaseValue(current)) ? null : (current?.holder ?? null);
  };

  /** @returns the stalled outbox; undefined while it makes progress */
  const findStalled = async () => {
    const oldest = await db
      .selectFrom('outbox')
      .select(['id', 'topic'])
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst();
    const relayedBy = await readLeaseHolder();
    const wasStalled = isStalled;
    isStalled = oldestEvent.isUnchanged(oldest?.id);
    if (wasStalled && !isStalled) log.info('outbox makes progress again');
    if (!oldest || !isStalled) return undefined;
    const stalled = { ...(await readOutboxBacklog(db)), oldest, relayedBy };
    if (!wasStalled) log.warn(stalled, 'outbox makes no progress');
    return stalled;
  };

  // Reads run one at a time: with two in flight, an older result could arrive last and look like progress.
  const runInTurn = createSerialQueue();
  const findStalledInTurn = () => runInTurn(findStalled);
  const observe = () =>
    void findStalledInTurn().catch((err: unknown) => log.debug({ err }, 'outbox progress not read, will retry'));
  observe();
  const timer = setInterval(observe, pollIntervalMs).unref();

  return {
    check: async () => {
      const stalled = await findStalledInTurn();
      if (stalled) throw new Error(describeStalled(stalled));
    },
    relayedBy: readLeaseHolder,
    close: async () => {
      clearInterval(timer);
      await runInTurn(async () => {});
    },
  };
};

type Stalled = {
  waiting: number;
  since: string | null;
  oldest: { id: string; topic: string };
  relayedBy: string | null;
};

const describeStalled = ({ waiting, since, oldest: { id, topic }, relayedBy }: Stalled) =>
  `${waiting} ${waiting === 1 ? 'event waits' : 'events wait'} to be published, the oldest since ${since}; event ${id} of ` +
  `${topic} is the first and has not been published for more than ${stalledAfterMs / 1000} s. ` +
  `${relayedBy ? `Instance ${relayedBy} holds the relay lease` : 'No instance renews the relay lease'}. Look at the check ` +
  `eventBus, look for "outbox not published" in the log of that instance, and check whether the event is larger than the ` +
  'topic allows (max.message.bytes).';
