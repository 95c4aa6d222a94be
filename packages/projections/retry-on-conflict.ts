import { backoff, retry } from '../runtime/retry.ts';
import { StateConflict } from './state-store.ts';

const longestPauseMs = backoff({ firstMs: 2, mostMs: 128 });

/**
 * Does the work again when another writer was there first, after a short random pause. The work reads anew each time.
 * @throws StateConflict after 20 attempts, or what else the work throws
 */
export const retryOnConflict = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    while: (error) => error instanceof StateConflict,
    attempts: 20,
    backoff: (failures) => Math.random() * longestPauseMs(failures),
  });
