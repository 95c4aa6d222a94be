import { retry } from '../../runtime/retry.ts';
import { StateConflict } from '../state-store.ts';
import { RebuildRefused } from './context.ts';

const giveUpAfterMs = 60_000;
const askAgainAfterMs = 500;

/**
 * Does it again while the store fails or another was there first, for a minute at most. What is done must read anew each
 * time, for a failed write may have been applied in part.
 */
export const persistently = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    while: (error): error is unknown => !(error instanceof RebuildRefused),
    withinMs: giveUpAfterMs,
    backoff: (_, error) => (error instanceof StateConflict ? Math.random() * 20 : askAgainAfterMs),
  });
