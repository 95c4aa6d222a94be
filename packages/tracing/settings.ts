import { z } from 'zod';

/** Where spans are reported: nowhere, to one of them, or to both. */
export type TracingSettings = {
  /** Takes OTLP over HTTP, as in http://localhost:4318/v1/traces. */
  readonly otlpUrl: string | undefined;
  /** Takes Zipkin's JSON, as in http://localhost:9411/api/v2/spans. */
  readonly zipkinUrl: string | undefined;
};

const httpUrl = (example: string) => z.url({ protocol: /^https?$/, error: `an address such as ${example}` });
const protocol = z.literal('http/protobuf', 'http/protobuf, the only one that is supported here');

/** OpenTelemetry's own variables with their usual meaning, and that of Zipkin. */
export const tracingVariables = {
  /** The base address of a collector, to which v1/traces is appended. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl('http://localhost:4318').optional(),
  /** The whole address; it wins over the base address. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl('http://localhost:4318/v1/traces').optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol.optional(),
  ZIPKIN_URL: httpUrl('http://localhost:9411/api/v2/spans').optional(),
};

export const createTracingSettings = (variables: z.infer<z.ZodObject<typeof tracingVariables>>): TracingSettings => {
  const base = variables.OTEL_EXPORTER_OTLP_ENDPOINT;
  return {
    otlpUrl: variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && tracesUrl(base)),
    zipkinUrl: variables.ZIPKIN_URL,
  };
};

const tracesUrl = (base: string): string => {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
};
