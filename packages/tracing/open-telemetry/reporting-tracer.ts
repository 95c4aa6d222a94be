import { setTimeout as delay } from 'node:timers/promises';
import { ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { type Tracer, traceparentPattern } from '../../runtime/tracing.ts';
import type { TracingSettings } from '../settings.ts';
import { withOutageLog } from './log-outage.ts';

/** Short, so that a span is visible soon; long enough for a busy service to send spans in batches. */
const reportAfterMs = 500;
/** How long `close` waits for the last spans. */
const flushTimeoutMs = 2_000;

/**
 * Creates a tracer that reports spans under the service's name. OpenTelemetry's variables set everything else, for example
 * OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME.
 */
export const createReportingTracer = (service: string, settings: TracingSettings, log: Logger): Tracer => {
  const { otlpUrl, zipkinUrl } = settings;
  const exporters: [SpanExporter, string][] = [];
  if (otlpUrl) exporters.push([new OTLPTraceExporter({ url: otlpUrl }), otlpUrl]);
  if (zipkinUrl) exporters.push([new ZipkinExporter({ url: zipkinUrl }), zipkinUrl]);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: exporters.map(
      ([exporter, url]) =>
        new BatchSpanProcessor(withOutageLog(exporter, { service, url }, log), { scheduledDelayMillis: reportAfterMs }),
    ),
  });
  const tracer = provider.getTracer(service);
  return {
    reports: true,
    start: (name, parent) => {
      const remote = parent && parseTraceparent(parent);
      const context = remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, context);
      const { traceId, spanId, traceFlags } = span.spanContext();
      return { traceparent: `00-${traceId}-${spanId}-0${traceFlags}`, end: () => span.end() };
    },
    // A collector that does not answer must not prevent the service from stopping.
    close: () => Promise.race([provider.shutdown().catch(() => {}), delay(flushTimeoutMs)]),
  };
};

const parseTraceparent = (traceparent: string): SpanContext | undefined => {
  const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent) ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
};
