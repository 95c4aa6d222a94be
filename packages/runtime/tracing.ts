import { ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

/** What went on under one traceparent (W3C Trace Context); `end` says that it is over. */
type StartedSpan = { readonly traceparent: string; end(): void };

export type Tracer = {
  /** Whether spans are reported; where they are not, work that would make many of them makes none. */
  readonly reports: boolean;
  /** Continues the trace of `parent`, a traceparent; starts a new one where it is absent or malformed. */
  start(name: string, parent: string | undefined): StartedSpan;
  close(): Promise<void>;
};

const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Passes traces on and reports nothing; `newId` gives random UUIDs. */
export const silentTracer = (newId: () => string): Tracer => {
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

/** Reports spans of this service to Zipkin; `url` as in http://localhost:9411/api/v2/spans. */
export const zipkinTracer = (service: string, url: string): Tracer => {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(new ZipkinExporter({ url }), { scheduledDelayMillis: 500 })],
  });
  const tracer = provider.getTracer(service);
  return {
    reports: true,
    start: (name, parent) => {
      const remote = parent && spanContext(parent);
      const context = remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, context);
      const { traceId, spanId, traceFlags } = span.spanContext();
      return { traceparent: `00-${traceId}-${spanId}-0${traceFlags}`, end: () => span.end() };
    },
    close: () => provider.shutdown(),
  };
};

const spanContext = (traceparent: string): SpanContext | undefined => {
  const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent) ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
};
