import { z } from 'zod';

/** The collectors to which spans are reported: none, one or both. */
export type TracingSettings = {
  /** A collector of OTLP over HTTP, for example http://localhost:4318/v1/traces. */
  readonly otlpUrl: string | undefined;
  /** A collector of Zipkin's JSON, for example http://localhost:9411/api/v2/spans. */
  readonly zipkinUrl: string | undefined;
};

const httpUrl = (example: string) => z.url({ protocol: /^https?$/, error: `an address such as ${example}` });
const protocol = z.literal('http/protobuf', 'http/protobuf, the only protocol that is supported');

/** The variables: those of OpenTelemetry with their standard meaning, and ZIPKIN_URL. */
export const tracingVariables = {
  /** The base address of a collector, to which v1/traces is appended. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl('http://localhost:4318').optional(),
  /** The complete address; it takes precedence over the base address. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl('http://localhost:4318/v1/traces').optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol.optional(),
  ZIPKIN_URL: httpUrl('http://localhost:9411/api/v2/spans').optional(),
};

/** Determines the collectors from the variables. */
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
