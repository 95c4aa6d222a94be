import { vi } from 'vitest';

/** The limit finds what never happens, not what is slow: a sidecar may wait two minutes before it connects again. */
const limit = { timeout: 180_000, interval: 20 };

/** Repeats `check` until it does not throw, and returns its result. @throws the last error of `check` at the limit, which `options` changes */
export const eventually = <T>(check: () => T | Promise<T>, options: Partial<typeof limit> = {}): Promise<T> =>
  vi.waitFor(check, { ...limit, ...options });
