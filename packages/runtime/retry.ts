import { setTimeout as delay } from 'node:timers/promises';

/** The pause in ms after the nth consecutive failure; the first failure is 1. */
export type Backoff = (failures: number) => number;

/**
 * Exponential backoff: `firstMs` after the first failure, multiplied by `factor` (default 2) after each further one, up to `maxMs`. It
 * has no jitter; callers that compete for a resource add it.
 */
export const backoff =
  ({ firstMs, maxMs, factor = 2 }: { firstMs: number; maxMs: number; factor?: number }): Backoff =>
  (failures) =>
    Math.min(firstMs * factor ** (failures - 1), maxMs);

export type RetryPolicy<Failure> = {
  /** Whether the failure is temporary; any other failure is thrown at once. */
  readonly while: (error: unknown) => error is Failure;
  readonly backoff: (failures: number, failure: Failure) => number;
  /** Default: unlimited. */
  readonly attempts?: number;
  /** In ms, from the start of the first attempt to the end of the last pause. Default: unlimited. */
  readonly timeoutMs?: number | undefined;
  /** Aborting ends the pause and the retries; a running attempt is awaited. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each pause. */
  readonly onRetry?: (failure: Failure, pauseMs: number) => void;
};

/**
 * Runs `work`, and repeats it while its failure is temporary. Each attempt must read the stored state again, because the previous one
 * may have been applied in part.
 * @throws the failure of the last attempt
 */
export const retry = async <T, Failure>(work: () => T | Promise<T>, policy: RetryPolicy<Failure>): Promise<T> => {
  const { attempts = Number.POSITIVE_INFINITY, timeoutMs = Number.POSITIVE_INFINITY, signal } = policy;
  const deadline = performance.now() + timeoutMs;
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!policy.while(error) || failures >= attempts || signal?.aborted) throw error;
      const pauseMs = policy.backoff(failures, error);
      if (performance.now() + pauseMs > deadline) throw error;
      policy.onRetry?.(error, pauseMs);
      await delay(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
};
