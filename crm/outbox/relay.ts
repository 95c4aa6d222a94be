import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Selectable } from 'kysely';
import type { Logger } from 'pino';
import { type EventBus, NotDurable } from '../../lib/event-bus.ts';
import { groupBy } from '../../lib/group-by.ts';
import type { CrmDatabase, OutboxTable } from '../database/schema.ts';

const batchSize = 500;
const smallBatchSize = 16;
/** Another process that writes to the same database cannot wake us. */
const pollEveryMs = 1_000;
const afterFailureMs = 100;
const retryAtTheLatestAfterMs = 5_000;

export type Relay = {
  /** Call it after a commit that may have filled the outbox. */
  wake(): void;
  /** Publishes what waits, as far as `flushForMs` allows, and stops. */
  close(flushForMs: number): Promise<void>;
};

type RelayContext = { db: Kysely<CrmDatabase>; bus: EventBus; log: Logger };

/**
 * Publishes the outbox in its order, one batch in flight, and removes row by row what the bus acknowledged. When
 * killed between the two it publishes the same ids and revisions again, and nobody can tell. What cannot be published
 * now is passed over until the next round, so it never stands in the way of the rest.
 */
export const startRelay = ({ db, bus, log }: RelayContext): Relay => {
  const closing = new AbortController();
  let woken = new AbortController();
  let flushUntil = Number.POSITIVE_INFINITY;
  let size = batchSize;
  /** Rounds in a row that did not publish all. */
  let failures = 0;

  /** Goes through the outbox once; answers whether there was anything, and whether all of it was published. */
  const round = async () => {
    const outcome = { found: false, failed: false };
    for (let after = 0; ; ) {
      const { last, failure } = await relayBatch({ db, bus }, after, size);
      if (last === undefined) return outcome;
      after = last;
      outcome.found = true;
      // A broker that is away fails a large batch slowly, and a small one soon.
      size = failure ? smallBatchSize : Math.min(size * 4, batchSize);
      if (closing.signal.aborted && (failure || performance.now() > flushUntil)) return { ...outcome, failed: true };
      if (!failure) continue;
      // Once an outage; what follows is the same again.
      log[outcome.failed || failures > 0 ? 'debug' : 'warn']({ err: failure }, 'outbox not published, will retry');
      outcome.failed = true;
      await interruptible(afterFailureMs, closing.signal);
    }
  };

  const run = async () => {
    for (;;) {
      const { found, failed } = await round().catch((error: unknown) => {
        log.error({ err: error }, 'outbox cannot be read, will retry');
        return { found: true, failed: true };
      });
      if (closing.signal.aborted && (failed || !found)) return;
      if (failures > 0 && !failed) log.info('outbox published again');
      failures = failed ? failures + 1 : 0;
      if (failed) await interruptible(Math.min(50 * 2 ** failures, retryAtTheLatestAfterMs), closing.signal);
      else if (!found) {
        await interruptible(pollEveryMs, woken.signal);
        woken = new AbortController();
      }
    }
  };
  const running = run();

  return {
    wake: () => woken.abort(),
    close: async (flushForMs) => {
      flushUntil = performance.now() + flushForMs;
      closing.abort();
      woken.abort();
      await running;
    },
  };
};

const interruptible = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined);

/** Publishes the rows behind `after`; answers the last of them, undefined where there were none, and what went wrong. */
const relayBatch = async (
  { db, bus }: Pick<RelayContext, 'db' | 'bus'>,
  after: number,
  size: number,
): Promise<{ last: number | undefined; failure: NotDurable | undefined }> => {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(size)
    .execute();
  let failure: NotDurable | undefined;
  for (const [topic, events] of groupBy(rows, (row) => row.topic)) {
    const refused = await publish(bus, topic, events);
    const acknowledged = refused ? events.filter(({ id }) => !refused.ids.has(id)) : events;
    failure ??= refused;
    if (acknowledged.length > 0)
      await db
        .deleteFrom('outbox')
        .where(
          'sequence',
          'in',
          acknowledged.map(({ sequence }) => sequence),
        )
        .execute();
  }
  return { last: rows.at(-1)?.sequence, failure };
};

type Row = Selectable<OutboxTable>;

/** Answers what may not be durable. */
const publish = (bus: EventBus, topic: string, rows: readonly Row[]): Promise<NotDurable | undefined> =>
  bus
    .publish(
      topic,
      rows.map(({ id, eventKey, event }) => ({ id, key: eventKey, value: event })),
    )
    .then(
      () => undefined,
      (error: Error) =>
        error instanceof NotDurable
          ? error
          : new NotDurable(
              rows.map(({ id }) => id),
              error.message,
            ),
    );
