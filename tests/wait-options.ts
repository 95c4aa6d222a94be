/** For `vi.waitFor`. A limit finds what never happens, not what is slow: a sidecar may wait two minutes before it connects again. */
export const waitOptions = { timeout: 180_000, interval: 20 };
