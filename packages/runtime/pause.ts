import { setTimeout as delay } from 'node:timers/promises';

/** Waits. @throws the reason of the signal, which says what happened, when it is aborted */
export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  delay(ms, undefined, { signal }).catch((error) => {
    throw signal?.reason ?? error;
  });

/** Waits, or less long when the signal is aborted: whoever goes on looks at the signal. */
export const pauseUnlessAborted = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
