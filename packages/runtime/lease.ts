import { randomInt } from 'node:crypto';

/** Milliseconds of a clock that never jumps. Only differences mean something, and only within the process. */
export type MonotonicClock = () => number;

export const monotonicClock: MonotonicClock = () => performance.now();

export type ValueObserver = {
  /**
   * Takes the value as it was just read; `undefined` where there is none.
   * @returns whether it has not changed for the duration
   */
  isUnchanged(value: string | undefined): boolean;
};

/**
 * Observes a stored value by a monotonic clock of our own: what other machines, or the database, take for the time does
 * not matter. Time in which nothing was read counts for at most half of the duration, so that after an outage, or after
 * this process was paused, the other side has time to write again.
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
 * A value for the renewal of a lease: another one each time, and never 0. It is below every time in ms since 1970, so a
 * release that compares it with its clock takes the lease for expired.
 */
export const createLeaseValue = (): number => randomInt(1, 2 ** 31);
