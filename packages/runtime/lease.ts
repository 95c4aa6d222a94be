import { randomInt } from 'node:crypto';

/** A monotonic clock in ms. Only differences within a process have a meaning. */
export type MonotonicClock = () => number;

/** The monotonic clock of this process. */
export const monotonicClock: MonotonicClock = () => performance.now();

export type ValueObserver = {
  /**
   * Call it with the value that was just read; `undefined` if there is none.
   * @returns whether the value has been unchanged for the duration
   */
  isUnchanged(value: string | undefined): boolean;
};

/**
 * Observes a stored value with the monotonic clock of this process, so that the clocks of other machines and of the database do not
 * matter. The time between two reads counts for at most half of the duration, so that the holder has time to renew the value after an
 * outage or a pause of this process.
 * @param durationMs with 0 every value is unchanged at once
 */
export const createValueObserver = (durationMs: number, clock: MonotonicClock = monotonicClock): ValueObserver => {
  let lastValue: string | undefined;
  let unchangedMs = 0;
  let readAt = clock();
  return {
    isUnchanged: (value) => {
      const now = clock();
      unchangedMs = value === lastValue ? unchangedMs + Math.min(now - readAt, durationMs / 2) : 0;
      lastValue = value;
      readAt = now;
      return value !== undefined && unchangedMs >= durationMs;
    },
  };
};

/**
 * Creates a value for the renewal of a lease: random, and never 0. It is below any current time in ms since 1970, so older releases,
 * which compare it with their clock, treat the lease as expired.
 */
export const createLeaseValue = (): number => randomInt(1, 2 ** 31);
