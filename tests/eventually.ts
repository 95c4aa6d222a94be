import { vi } from 'vitest';

/** The limit is for what never happens, not for what is slow: a sidecar may wait two minutes before it connects again. */
const limit = { timeout: 180_000, interval: 20 };

/** Repeats `check` until it does not throw, and returns its result. @throws the last error of `check` when the limit is reached */
export const eventually = <T>(check: () => T | Promise<T>, options: Partial<typeof limit> = {}): Promise<T> =>
  vi.waitFor(check, { ...limit, ...options });
