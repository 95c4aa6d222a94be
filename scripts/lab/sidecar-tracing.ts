import { z } from 'zod';
import { readEnvironment } from '../../packages/runtime/environment.ts';
import { createTracingSettings, tracingVariables } from '../../packages/tracing/settings.ts';

/**
 * OpenTelemetry's variables for a sidecar, so that it reports spans to the collector of the services. daprd reads the same
 * variables, but it uses gRPC with TLS unless they say otherwise, and it takes no path: where the collector has another path than
 * /v1/traces, the sidecar reports nothing by OTLP.
 * @throws Error when the services could not use the variables either
 */
export const createSidecarTracing = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const { otlpUrl } = createTracingSettings(readEnvironment(z.object(tracingVariables), env));
  if (!otlpUrl) return {};
  const { origin, pathname, protocol } = new URL(otlpUrl);
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: pathname === '/v1/traces' ? origin : '',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_INSECURE: String(protocol === 'http:'),
  };
};
