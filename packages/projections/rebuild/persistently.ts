import { setTimeout as delay } from 'node:timers/promises';
import { StateConflict } from '../state-store.ts';
import { RebuildRefused } from './context.ts';

const giveUpAfterMs = 60_000;
const askAgainAfterMs = 500;

/**
 * Does it again while the store fails or another was there first, for a minute at most. What is done must read anew each
 * time, for a failed write may have been applied in part.
 */
export const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + giveUpAfterMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RebuildRefused || performance.now() > deadline) throw error;
      await delay(error instanceof StateConflict ? Math.random() * 20 : askAgainAfterMs);
    }
  }
};
