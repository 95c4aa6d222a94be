import { DatabaseTrouble } from './database-trouble.ts';

type Waiter = { readonly since: number; start(waitedMs: number): void };

/** After this long without a pause the queue leaves the file to other processes for a moment, which can only poll for it. */
const burstMs = 100;
const pauseMs = 3;

export type WriterQueue = {
  /**
   * Waits until it is our turn, in the order of the calls. `patienceMs` bounds how long one holder may keep us waiting: a long
   * queue that moves is no reason to give up.
   * @returns how long the last holder kept us waiting, in ms
   * @throws DatabaseTrouble database-busy
   */
  acquire(patienceMs: number): Promise<number>;
  release(): void;
};

/** SQLite has one writer at a time: of this process the one that holds this queue. */
export const createWriterQueue = (): WriterQueue => {
  const waiting: Waiter[] = [];
  let isHeld = false;
  let heldSince = 0;
  let burstSince = 0;

  const hold = () => {
    isHeld = true;
    heldSince = performance.now();
  };
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
        const look = () => {
          const leftMs = Math.max(since, heldSince) + patienceMs - performance.now();
          if (leftMs > 0) {
            timer = setTimeout(look, leftMs);
            return;
          }
          waiting.splice(waiting.indexOf(waiter), 1);
          reject(
            new DatabaseTrouble('database-busy', new Error(`another transaction takes more than ${patienceMs} ms`)),
          );
        };
        waiting.push(waiter);
        timer = setTimeout(look, patienceMs);
      });
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
