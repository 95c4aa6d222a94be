import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait after the nth failure in a row (the first is 1), in ms. */
export type Backoff = (failures: number) => number;

/**
 * Waits `firstMs` after the first failure, and `factor` times as long after each further one, up to `mostMs`. Without
 * jitter: where several callers compete for the same thing, each multiplies the pause with a random number.
 */
export const backoff =
  ({ firstMs, maxMs: mostMs, factor = 2 }: { firstMs: number; maxMs: number; factor?: number }): Backoff =>
  (failures) =>
    Math.min(firstMs * factor ** (failures - 1), mostMs);

export type RetryPolicy<Failure> = {
  /** Whether the failure may pass; every other one is thrown at once. */
  readonly while: (error: unknown) => error is Failure;
  readonly backoff: (failures: number, failure: Failure) => number;
  /** Default: unlimited. */
  readonly attempts?: number;
  /** No pause begins that would end later than this after the first attempt began, in ms. Default: unlimited. */
  readonly timeoutMs?: number | undefined;
  /** Aborted, it ends the pause and the retries; an attempt that runs is awaited. */
  readonly signal?: AbortSignal | undefined;
  /** Is called before each pause. */
  readonly onRetry?: (failure: Failure, pauseMs: number) => void;
};

/**
 * Does `work`, and does it again while its failure may pass. Each attempt must begin from what is stored: the one before may
 * have been applied in part.
 * @throws the failure of the last attempt
 */
export const retry = async <T, Failure>(work: () => T | Promise<T>, policy: RetryPolicy<Failure>): Promise<T> => {
  const { attempts = Number.POSITIVE_INFINITY, timeoutMs: withinMs = Number.POSITIVE_INFINITY, signal } = policy;
  const deadline = performance.now() + withinMs;
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
