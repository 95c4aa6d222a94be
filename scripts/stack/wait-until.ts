import { setTimeout as sleep } from 'node:timers/promises';

/** Polls the condition every 100 ms for at most `seconds`. @returns its first truthy value; undefined when the time is up */
export const waitUntil = async <T>(seconds: number, condition: () => T | Promise<T>): Promise<T | undefined> => {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const outcome = await condition();
    if (outcome) return outcome;
    if (Date.now() >= deadline) return undefined;
    await sleep(100);
  }
};
