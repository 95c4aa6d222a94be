/** A span that has started. `traceparent` (W3C Trace Context) identifies it to its children; `end` finishes it. */
type StartedSpan = { readonly traceparent: string; end(): void };

export type Tracer = {
  /** Whether spans are reported. If not, callers need not start spans for batches of events. */
  readonly reports: boolean;
  /** Starts a span in the trace of `parent`, a traceparent; starts a new trace if it is absent or malformed. */
  start(name: string, parent: string | undefined): StartedSpan;
  close(): Promise<void>;
};

/** A W3C traceparent: version 00, trace id, parent id and flags. */
export const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Creates a tracer that passes traces on and reports no spans. `newId` creates random UUIDs. */
export const createSilentTracer = (newId: () => string): Tracer => {
  const hex = (digits: number) => newId().replaceAll('-', '').slice(0, digits);
  return {
    reports: false,
    start: (_name, parent) => ({
      traceparent: parent && traceparentPattern.test(parent) ? parent : `00-${hex(32)}-${hex(16)}-01`,
      end: () => {},
    }),
    close: async () => {},
  };
};
