/** A span that has started. `traceparent` (W3C Trace Context) identifies it to its children; `end` finishes it. */
type StartedSpan = { readonly traceparent: string; end(): void };

export type Tracer = {
  /** Whether spans are reported; where they are not, work that would make many of them makes none. */
  readonly reports: boolean;
  /** Continues the trace of `parent`, a traceparent; starts a new one where it is absent or malformed. */
  start(name: string, parent: string | undefined): StartedSpan;
  close(): Promise<void>;
};

export const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Passes traces on and reports nothing; `newId` gives random UUIDs. */
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
