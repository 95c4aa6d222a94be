import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { silentTracer, type Tracer, zipkinTracer } from './tracing.ts';

/** The clock, ids, log and tracer of a service, in addition to its ports; tests pass their own. */
export type Runtime = {
  readonly log: Logger;
  readonly tracer: Tracer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A random UUID. */
  readonly newId: () => string;
};

/** Spans are reported under the service's name where there is a Zipkin. */
export const createRuntime = (
  log: Logger,
  { service, zipkinUrl }: { service: string; zipkinUrl?: string | undefined },
): Runtime => ({
  log,
  tracer: zipkinUrl ? zipkinTracer(service, zipkinUrl) : silentTracer(randomUUID),
  now: Date.now,
  newId: randomUUID,
});
