import { describe, expect, it } from 'vitest';
import { createSidecarTracing } from './sidecar-tracing.ts';

describe('the tracing variables of a sidecar', () => {
  it('are none without an OTLP collector', () => {
    expect(createSidecarTracing({})).toEqual({});
    expect(createSidecarTracing({ ZIPKIN_URL: 'http://localhost:9411/api/v2/spans' })).toEqual({});
  });

  it.each([
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  ])('name the collector of %s as a host, with the protocol and the TLS of its address', (variable) => {
    const path = variable.includes('TRACES') ? '/v1/traces' : '';
    expect(createSidecarTracing({ [variable]: `http://localhost:4318${path}` })).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
    });
    expect(createSidecarTracing({ [variable]: `https://example.org${path}` })).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://example.org',
      OTEL_EXPORTER_OTLP_INSECURE: 'false',
    });
  });

  it('name no collector with a path that daprd cannot use', () =>
    expect(createSidecarTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://example.org/otlp' })).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
    }));

  it('cannot be made of what the services refuse', () =>
    expect(() => createSidecarTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' })).toThrow(
      'an address such as',
    ));
});
