import { TransientDatabaseError } from '../database-error.ts';

type Waiter = { readonly since: number; start(waitedMs: number): void };

/** After this long without a pause the queue leaves the file to other processes for a moment, which can only poll for it. */
const burstMs = 50;
const pauseMs = 4;

export type WriterQueue = {
  /**
   * Waits until it is our turn, in the order of the calls. `patienceMs` bounds how long the holder may keep us waiting without
   * progress, and four times as much how long at all: a long queue that moves is no reason to give up.
   * @returns how long the last holder kept us waiting, in ms
   * @throws DatabaseTrouble database-busy
   */
  acquire(patienceMs: number): Promise<number>;
  /** The holder calls it after each statement. */
  progress(): void;
  release(): void;
};

const longestHold = 4;

/** SQLite has one writer at a time: of this process the one that holds this queue. */
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
  const leftMs = (since: number, patienceMs: number) =>
    Math.min(Math.max(since, progressAt) + patienceMs, Math.max(since, heldSince) + longestHold * patienceMs) -
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
    acquire: (patienceMs) => {
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
          start: (waitedMs) => {
            clearTimeout(timer);
            resolve(waitedMs);
          },
        };
        const giveUp = () => {
          const at = waiting.indexOf(waiter);
          if (at < 0) return;
          const left = leftMs(since, patienceMs);
          if (left > 0) {
            timer = setTimeout(look, left);
            return;
          }
          waiting.splice(at, 1);
          reject(
            new TransientDatabaseError(
              'database-busy',
              new Error(`another transaction takes more than ${patienceMs} ms`),
            ),
          );
        };
        // After an event loop that was late the answer of the database to the holder may be there, and not yet read.
        const look = () => setImmediate(giveUp);
        waiting.push(waiter);
        timer = setTimeout(look, patienceMs);
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
  };
};
