import { backoff, retry } from '../runtime/retry.ts';

/** The longest is shorter than the pause that a writer queue makes for us. */
const pauseMs = backoff({ firstMs: 1, mostMs: 2.5 });

/** Whether another connection, mostly of another process, holds a lock: the statement was not executed. */
export const isBusy = (error: unknown): error is Error =>
  /^SQLITE_(BUSY|LOCKED)/.test((error as { code?: string } | undefined)?.code ?? '');

/**
 * Runs `work` again while SQLite is busy, for up to `forMs`. The event loop stays free meanwhile, as it would not in SQLite's
 * own busy handler.
 * @throws what `work` throws; SQLITE_BUSY when the lock is still held at the end
 */
export const retryBusy = <T>(work: () => T | Promise<T>, forMs: number, signal?: AbortSignal): Promise<T> =>
  retry(work, {
    while: isBusy,
    // Each waits a time of its own, or two that poll in step miss the same gap again and again.
    backoff: (failures) => pauseMs(failures) * (0.5 + Math.random()),
    withinMs: forMs,
    signal,
  });
