import type { EventEmitter } from 'node:events';
import { Kysely } from 'kysely';
import { purgeDeletedBytes } from '../../database/purge-deleted-bytes.ts';
import { retryBusy } from '../../database/retry-busy.ts';
import type { SqliteDatabase } from '../../database/sqlite.ts';
import { createSqliteDialect } from '../../database/sqlite-dialect.ts';
import type { Topic } from '../../projections/event-bus.ts';
import type { FailureLog } from './event-bus.ts';

type PurgeOptions = {
  readonly file: string;
  readonly topics: readonly Topic[];
  readonly published: EventEmitter;
  readonly log: FailureLog;
  /** The wait after a publish or the start, so that one purge serves many tombstones and no short command begins one. */
  readonly delayMs: number;
};

const retryAfterMs = 30_000;
/** A purge rewrites the file and holds its lock meanwhile. So a file is purged at most a quarter of the time. */
const pauseFactor = 3;

/**
 * Purges the bytes of the records that tombstones have removed from the log, in a thread. A failed purge is repeated, and
 * one that was due when the process ended begins after the next start.
 */
export const startPurging = (
  database: SqliteDatabase,
  { file, topics, published, log, delayMs }: PurgeOptions,
): { close(): void } => {
  const readRequests = database.prepare('SELECT requests FROM due_purge');
  const settle = database.prepare('DELETE FROM due_purge WHERE requests = ?');
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isPurging = false;
  let hasFailed = false;

  const schedule = (afterMs = delayMs) => {
    if (isPurging || closing.signal.aborted) return;
    timer ??= setTimeout(() => void purgeWhenDue(), afterMs).unref();
  };
  const purgeWhenDue = async () => {
    timer = undefined;
    let nextAfterMs: number | undefined;
    isPurging = true;
    try {
      nextAfterMs = await purgeOnce();
      hasFailed = false;
    } catch (error) {
      // Log an outage once.
      if (!hasFailed && !closing.signal.aborted)
        log.error(error, `removed records cannot be purged from ${file}, will retry`);
      hasFailed = true;
      nextAfterMs = retryAfterMs;
    }
    isPurging = false;
    if (nextAfterMs !== undefined) schedule(nextAfterMs);
  };
  /** @returns when to look again, in ms; undefined when no purge was due */
  const purgeOnce = async () => {
    const [due] = readRequests.all() as { requests: number }[];
    if (!due) return undefined;
    const begin = performance.now();
    await purgeFile(file);
    // A tombstone that was published meanwhile has increased the number, so its purge stays due.
    await retryBusy(() => settle.run(due.requests), Number.POSITIVE_INFINITY, closing.signal);
    return Math.max(delayMs, (performance.now() - begin) * pauseFactor);
  };

  const scheduleDefault = () => schedule();
  const compacted = topics.filter(({ compaction }) => compaction);
  for (const { name } of compacted) published.on(name, scheduleDefault);
  schedule();
  return {
    close: () => {
      closing.abort();
      clearTimeout(timer);
      for (const { name } of compacted) published.off(name, scheduleDefault);
    },
  };
};

/** Opens connections in threads, because a purge takes seconds on a large file. */
const purgeFile = async (file: string) => {
  const db = new Kysely<unknown>({ dialect: createSqliteDialect(file) });
  try {
    await purgeDeletedBytes(db);
  } finally {
    await db.destroy();
  }
};
