import { TransientDatabaseError } from '../database-error.ts';

type Waiter = { readonly since: number; readonly isFirst: boolean; start(waitMs: number): void };

/** After this time without a pause the queue pauses for `pauseMs`, so that other processes, which poll, can take the lock. */
const burstMs = 50;
const pauseMs = 4;

export type WriterQueue = {
  /**
   * Waits for the queue, in call order. It fails when the holder makes no progress for `timeoutMs`, or holds the queue for four times
   * as long. The length of the queue does not count. With `isFirst` it comes before all that wait.
   * @returns how long the last holder kept this call waiting, in ms
   * @throws TransientDatabaseError database-busy
   */
  acquire(timeoutMs: number, isFirst?: boolean): Promise<number>;
  /** Reports progress; the holder calls it after each statement. */
  progress(): void;
  release(): void;
  /** Whether a caller waits, except those with `isFirst`. A long holder should release the queue soon then. */
  isWanted(): boolean;
};

const maxHoldFactor = 4;

/** SQLite allows one writer at a time; within this process it is the holder of this queue. */
export const createWriterQueue = (): WriterQueue => {
  const waiting: Waiter[] = [];
  let isHeld = false;
  let heldSince = 0;
  let progressAt = 0;
  let burstSince = 0;

  const hold = () => {
    isHeld = true;
    heldSince = performance.now();
    progressAt = heldSince;
  };
  const remainingMs = (since: number, timeoutMs: number) =>
    Math.min(Math.max(since, progressAt) + timeoutMs, Math.max(since, heldSince) + maxHoldFactor * timeoutMs) -
    performance.now();
  const startNext = () => {
    const next = waiting.shift();
    const before = heldSince;
    isHeld = false;
    if (!next) return;
    hold();
    next.start(heldSince - Math.max(next.since, before));
  };

  return {
    acquire: (timeoutMs, isFirst = false) => {
      if (!isHeld) {
        hold();
        burstSince = heldSince;
        return Promise.resolve(0);
      }
      return new Promise((resolve, reject) => {
        const since = performance.now();
        let timer: NodeJS.Timeout;
        const waiter: Waiter = {
          since,
          isFirst,
          start: (waitedMs) => {
            clearTimeout(timer);
            resolve(waitedMs);
          },
        };
        const rejectOnTimeout = () => {
          const at = waiting.indexOf(waiter);
          if (at < 0) return;
          const left = remainingMs(since, timeoutMs);
          if (left > 0) {
            timer = setTimeout(checkTimeout, left);
            return;
          }
          waiting.splice(at, 1);
          reject(
            new TransientDatabaseError(
              'database-busy',
              new Error(`another transaction takes more than ${timeoutMs} ms`),
            ),
          );
        };
        // After a delay of the event loop the holder's response may have arrived but not been processed, so let it run first.
        const checkTimeout = () => setImmediate(rejectOnTimeout);
        if (isFirst) waiting.unshift(waiter);
        else waiting.push(waiter);
        timer = setTimeout(checkTimeout, timeoutMs);
      });
    },
    progress: () => {
      progressAt = performance.now();
    },
    release: () => {
      if (waiting.length === 0 || performance.now() - burstSince < burstMs) return startNext();
      setTimeout(() => {
        burstSince = performance.now();
        startNext();
      }, pauseMs);
    },
    isWanted: () => waiting.some(({ isFirst }) => !isFirst),
  };
};
