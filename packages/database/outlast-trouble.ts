import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseTrouble } from './database-trouble.ts';

const firstPauseMs = 200;
const longestPauseMs = 30_000;

/**
 * Does `work` again, after longer and longer pauses, until the database is back: `work` must begin with what is committed,
 * for of what was under way nothing is known. `tell` hears of each pause.
 * @throws AbortError when `stop` comes first, and whatever `work` throws but DatabaseTrouble
 */
export const outlastTrouble = async <T>(
  work: () => Promise<T>,
  { stop, tell }: { stop: AbortSignal; tell: (trouble: DatabaseTrouble, pauseMs: number) => void },
): Promise<T> => {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseTrouble)) throw error;
      tell(error, pauseMs);
      await delay(pauseMs, undefined, { signal: stop });
    }
  }
};
