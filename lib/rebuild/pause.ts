import { setTimeout as delay } from 'node:timers/promises';

/** Waits. @throws the reason of the signal, which says what happened, when it is aborted */
export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  delay(ms, undefined, { signal }).catch((error) => {
    throw signal?.reason ?? error;
  });
