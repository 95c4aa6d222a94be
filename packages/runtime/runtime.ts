import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { silentTracer, type Tracer } from './tracing.ts';

/** What a service may know of the world beside its ports: tests bring their own. */
export type Runtime = {
  readonly log: Logger;
  readonly tracer: Tracer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A random UUID. */
  readonly newId: () => string;
};

/** Without a tracer that reports spans, traces are passed on. */
export const createRuntime = (log: Logger, tracer: Tracer = silentTracer(randomUUID)): Runtime => ({
  log,
  tracer,
  now: Date.now,
  newId: randomUUID,
});
