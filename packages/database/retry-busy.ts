import { backoff, retry } from '../runtime/retry.ts';

/** The longest pause is shorter than the pause in which a writer queue releases the lock (writer-queue.ts). */
const pauseMs = backoff({ firstMs: 1, maxMs: 2.5 });

/** Whether another connection, usually of another process, held a lock, so the statement was not executed. */
export const isBusy = (error: unknown): error is Error =>
  /^SQLITE_(BUSY|LOCKED)/.test((error as { code?: string } | undefined)?.code ?? '');

/**
 * Retries `work` while SQLite is busy, for up to `timeoutMs`. Unlike SQLite's own busy handler, it does not block the event loop.
 * @throws what `work` throws; SQLITE_BUSY when the lock is still held at the end
 */
export const retryBusy = <T>(work: () => T | Promise<T>, timeoutMs: number, signal?: AbortSignal): Promise<T> =>
  retry(work, {
    while: isBusy,
    // With jitter: two processes that poll in step would miss the same gap repeatedly.
    backoff: (failures) => pauseMs(failures) * (0.5 + Math.random()),
    timeoutMs,
    signal,
  });
