import { setTimeout as delay } from 'node:timers/promises';

const firstPauseMs = 1;
/** Shorter than the pause that a writer queue makes for us. */
const longestPauseMs = 2.5;

/** Whether another connection, mostly of another process, holds a lock: the statement was not executed. */
export const isBusy = (error: unknown): boolean =>
  /^SQLITE_(BUSY|LOCKED)/.test((error as { code?: string } | undefined)?.code ?? '');

/**
 * Runs `work` again while SQLite is busy, for up to `forMs`. The event loop stays free meanwhile, as it would not in SQLite's
 * own busy handler.
 * @throws what `work` throws; SQLITE_BUSY when the lock is still held at the end
 */
export const retryBusy = async <T>(work: () => T | Promise<T>, forMs: number, stop?: AbortSignal): Promise<T> => {
  const until = performance.now() + forMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || stop?.aborted || performance.now() + pauseMs > until) throw error;
      // Each waits a time of its own, or two that poll in step miss the same gap again and again.
      await delay(pauseMs * (0.5 + Math.random()));
    }
  }
};
