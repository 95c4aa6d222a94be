import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { type EventBus, NotDurable } from '../../lib/event-bus.ts';
import { groupBy } from '../../lib/group-by.ts';
import type { CrmDatabase } from '../database/schema.ts';

const batchSize = 500;
/** Another process that writes to the same database cannot wake us. */
const pollEveryMs = 1_000;
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
 * killed between the two it publishes the same ids and revisions again, and nobody can tell.
 */
export const startRelay = ({ db, bus, log }: RelayContext): Relay => {
  const closing = new AbortController();
  let woken = new AbortController();
  let flushUntil = Number.POSITIVE_INFINITY;
  let failures = 0;

  const rest = async () => {
    await interruptible(pollEveryMs, woken.signal);
    woken = new AbortController();
  };

  const run = async () => {
    for (;;) {
      const outcome = await relayBatch({ db, bus }).catch((error: unknown) => {
        log.warn({ err: error }, 'outbox not published, will retry');
        return 'failed' as const;
      });
      failures = outcome === 'failed' ? failures + 1 : 0;
      if (closing.signal.aborted && (outcome !== 'published' || performance.now() > flushUntil)) return;
      if (outcome === 'failed')
        await interruptible(Math.min(50 * 2 ** failures, retryAtTheLatestAfterMs), closing.signal);
      if (outcome === 'empty') await rest();
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

const relayBatch = async ({ db, bus }: Pick<RelayContext, 'db' | 'bus'>): Promise<'empty' | 'published'> => {
  const rows = await db.selectFrom('outbox').selectAll().orderBy('sequence').limit(batchSize).execute();
  if (rows.length === 0) return 'empty';
  for (const [topic, events] of groupBy(rows, (row) => row.topic)) {
    const failure = await bus
      .publish(
        topic,
        events.map(({ id, eventKey, event }) => ({ id, key: eventKey, value: event })),
      )
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    const acknowledged =
      failure === undefined
        ? events
        : failure instanceof NotDurable
          ? events.filter(({ id }) => !failure.ids.has(id))
          : [];
    if (acknowledged.length > 0)
      await db
        .deleteFrom('outbox')
        .where(
          'sequence',
          'in',
          acknowledged.map(({ sequence }) => sequence),
        )
        .execute();
    if (failure !== undefined) throw failure;
  }
  return 'published';
};
