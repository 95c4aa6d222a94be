import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Codec } from '../../contracts/codec.ts';
import type { EventBus } from '../../packages/projections/event-bus.ts';
import { type MonotonicClock, monotonicClock } from '../../packages/runtime/lease.ts';
import { backoff } from '../../packages/runtime/retry.ts';
import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';
import type { CrmDatabase } from '../database/index.ts';
import { findCodec } from './encode-rows.ts';
import { publishBatch, readBatch, readLastSequence } from './relay-batch.ts';
import { createCompactionCheck } from './relay-compacted.ts';
import { createRelayLease, relayLeaseMs } from './relay-lease.ts';

/** A batch is large, because each one waits for the bus, and its deletion for the disk and for other transactions. */
const batchSize = 2_000;
const smallBatchSize = 16;
/** Polls, because another process that writes to the same database cannot wake this relay. */
const defaultPollIntervalMs = 250;
const afterFailureMs = 100;
const retryAfterMs = backoff({ firstMs: afterFailureMs, maxMs: 5_000 });

export type Relay = {
  /** The id of this instance in the relay lease. */
  readonly holder: string;
  /** Starts a round now. Call it after a commit that may have added events. */
  wake(): void;
  /** Publishes waiting events for at most `flushForMs`, then stops. */
  close(flushForMs: number): Promise<void>;
};

type RelayContext = {
  db: Kysely<CrmDatabase>;
  bus: EventBus;
  log: Logger;
  newId: () => string;
  /** Default: the codec of the topic. */
  codecOf?: (topic: string) => Codec;
  /** Appends the last states of these keys of a compacted topic again. Default: does nothing. */
  repeatLastStates?: (topic: string, keys: readonly string[]) => Promise<void>;
  leaseMs?: number;
  pollIntervalMs?: number;
  clock?: MonotonicClock;
};

/**
 * Publishes the outbox in sequence order, with one batch of each topic in flight, and deletes the rows that the bus acknowledged. Of all
 * instances that share the database, the holder of the lease relays. After a kill between publish and delete, the same ids
 * and revisions are published again, and consumers deduplicate them. A round skips events that cannot be published now, so
 * they never block the others. Each round starts at the lowest sequence number, so it also finds rows whose transaction
 * committed after rows with higher numbers. Of a compacted topic, the last record of each key must be its last state.
 */
export const startRelay = ({
  db,
  bus,
  log,
  newId,
  codecOf = findCodec,
  repeatLastStates = async () => {},
  leaseMs = relayLeaseMs,
  pollIntervalMs = defaultPollIntervalMs,
  clock = monotonicClock,
}: RelayContext): Relay => {
  const holder = newId();
  const lease = createRelayLease({ db, holder, log, leaseMs, clock });
  const closing = new AbortController();
  let woken = new AbortController();
  let flushUntil = Number.POSITIVE_INFINITY;
  let size = batchSize;
  /** How many rounds have failed since the outbox was last published completely. */
  let failures = 0;
  let busyAt = clock();
  const canCompact = createCompactionCheck(bus, log);
  /** Per compacted topic, the keys whose last states must be repeated. */
  const overtaken = new Map<string, Set<string>>();

  const releaseLease = () =>
    lease.release().catch((error: unknown) => log.debug({ err: error }, 'relay lease not released, it will expire'));

  /** Warns once per outage. Repetitions are logged at debug level. */
  const logFailure = (failure: unknown, message: string, isFirst: boolean) =>
    log[isFirst && failures === 0 ? 'warn' : 'debug']({ err: failure }, message);

  const addOvertaken = (keysByTopic: ReadonlyMap<string, readonly string[]>) => {
    for (const [topic, keys] of keysByTopic) overtaken.set(topic, new Set([...(overtaken.get(topic) ?? []), ...keys]));
  };

  const repeatOvertaken = async () => {
    for (const [topic, keys] of overtaken)
      await repeatLastStates(topic, [...keys]).then(
        () => overtaken.delete(topic),
        (error: unknown) => log.warn({ err: error, topic }, 'last states not repeated, will retry'),
      );
  };

  /**
   * Runs one round over the events that wait now.
   * @returns `found`: there were events and we hold the lease; `failed`: some could not be published; `published`: none
   * is left
   */
  const publishWaiting = async () => {
    const outcome = { found: false, failed: false, published: true };
    await repeatOvertaken();
    const failedKeys = new Set<string>();
    const upTo = await readLastSequence(db);
    /** The keys of batches that are published and not, or not completely, deleted. */
    const unsettled = new Set<ReadonlyMap<string, readonly string[]>>();
    let deletion = Promise.resolve();
    try {
      for (let after = 0; upTo !== undefined && after < upTo; ) {
        if (!(await lease.acquire())) return { ...outcome, published: false };
        const rows = await readBatch(db, { after, upTo, size });
        const last = rows.at(-1);
        if (!last) break;
        after = last.sequence;
        outcome.found = true;
        const { failure, keys, settle } = await publishBatch({ db, bus, codecOf, canCompact, failedKeys }, rows);
        unsettled.add(keys);
        // The rows of a batch are deleted while the next one is published, in the order of the batches.
        await deletion;
        deletion = settle().then((isComplete) => {
          if (isComplete) unsettled.delete(keys);
        });
        // The rejection is handled where `deletion` is awaited, which may be later.
        deletion.catch(() => {});
        // When the broker is unavailable, a large batch fails slowly and a small one fails fast.
        size = failure ? smallBatchSize : Math.min(size * 4, batchSize);
        if (closing.signal.aborted && (failure || clock() > flushUntil)) return { ...outcome, failed: true };
        if (!failure) continue;
        logFailure(failure, 'outbox not published, will retry', !outcome.failed);
        outcome.failed = true;
        outcome.published = false;
        await sleepUnlessAborted(afterFailureMs, closing.signal);
      }
    } finally {
      // The next round must not read rows that are about to be deleted. After a failure it is unknown whether they were still there.
      await deletion.finally(() => unsettled.forEach(addOvertaken));
    }
    return outcome;
  };

  const run = async () => {
    for (;;) {
      const { found, failed, published } = await publishWaiting().catch((error: unknown) => {
        logFailure(error, 'outbox cannot be read, will retry', true);
        return { found: true, failed: true, published: false };
      });
      if (closing.signal.aborted && (failed || !found)) return;
      if (found) busyAt = clock();
      if (failed) {
        failures += 1;
        const pauseMs = retryAfterMs(failures);
        // Another instance may reach the bus, so the lease is released before a long pause.
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
        await sleepUnlessAborted(pollIntervalMs, woken.signal);
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
      await repeatOvertaken();
      await releaseLease();
    },
  };
};
