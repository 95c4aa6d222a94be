import { setTimeout as pause } from 'node:timers/promises';

/** Polls until the condition yields something, at most for so many seconds; undefined when the time is up. */
export const waitUntil = async <T>(seconds: number, condition: () => T | Promise<T>): Promise<T | undefined> => {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const outcome = await condition();
    if (outcome) return outcome;
    if (Date.now() >= deadline) return undefined;
    await pause(100);
  }
};
