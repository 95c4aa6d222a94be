import { setTimeout as delay } from 'node:timers/promises';

/** Waits. @throws the reason of the signal, which says what happened, when it is aborted */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  delay(ms, undefined, { signal }).catch((error) => {
    throw signal?.reason ?? error;
  });

/** Waits until the time is over or the signal is aborted; the caller checks the signal afterwards. */
export const sleepUnlessAborted = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
