import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createSilentTracer, type Tracer } from './tracing.ts';

/** The clock, ids, log and tracer of a service, in addition to its ports; tests pass their own. */
export type Runtime = {
  readonly log: Logger;
  readonly tracer: Tracer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A random UUID. */
  readonly newId: () => string;
};

/** Creates the runtime of a process. The default tracer reports no spans, but passes traces on. */
export const createRuntime = (log: Logger, tracer: Tracer = createSilentTracer(randomUUID)): Runtime => ({
  log,
  tracer,
  now: Date.now,
  newId: randomUUID,
});
