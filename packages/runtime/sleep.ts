import { setTimeout as delay } from 'node:timers/promises';

/** Sleeps for `ms`. @throws the reason of the signal when it is aborted */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  delay(ms, undefined, { signal }).catch((error) => {
    throw signal?.reason ?? error;
  });

/** Sleeps for `ms` or until the signal is aborted; the caller then checks the signal. */
export const sleepUnlessAborted = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
