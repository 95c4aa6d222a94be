import { setTimeout as delay } from 'node:timers/promises';
import { StateConflict } from './state-store.ts';

const attempts = 20;

/**
 * Does the work again when another writer was there first, after a short random pause. The work reads anew each time.
 * @throws StateConflict after 20 attempts, or what else the work throws
 */
export const retryOnConflict = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === attempts) throw error;
      await delay(Math.random() * 2 ** Math.min(attempt, 7));
    }
  }
};
