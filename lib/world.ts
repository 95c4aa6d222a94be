import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';

/** What a service may know of the world beside its ports: tests bring their own. */
export type World = {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A random UUID. */
  readonly newId: () => string;
};

export const realWorld = (log: Logger): World => ({ log, now: Date.now, newId: randomUUID });
