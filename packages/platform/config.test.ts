import { describe, expect, it } from 'vitest';
import { readCrmConfig } from '../../crm/config.ts';
import { readIotPlatformConfig } from '../../iot-platform/config.ts';

describe('configuration', () => {
  it('has the lab’s ports and listens on loopback', () => {
    expect(readCrmConfig({})).toMatchObject({ host: '127.0.0.1', port: 3005, databaseUrl: 'memory' });
    expect(readIotPlatformConfig({})).toMatchObject({ host: '127.0.0.1', port: 3008, stateStoreName: 'statestore' });
  });

  it('treats an empty variable as not set', () =>
    expect(readCrmConfig({ APP_PORT: '' })).toMatchObject({ port: 3005 }));

  it('accepts the address of another service only as a URL', () =>
    expect(() => readCrmConfig({ IOT_PLATFORM_URL: 'here' })).toThrow('IOT_PLATFORM_URL here is not a URL'));

  it('accepts REDIS_URL only as a Redis URL', () => {
    expect(readIotPlatformConfig({ REDIS_URL: 'rediss://user:secret@redis:6380' })).toMatchObject({
      redisUrl: 'rediss://user:secret@redis:6380',
    });
    expect(() => readIotPlatformConfig({ REDIS_URL: 'localhost:6379' })).toThrow('REDIS_URL: an address such as');
  });

  it('takes the collectors of spans from OpenTelemetry’s variables and ZIPKIN_URL', () => {
    const tracing = (env: Record<string, string>) => readCrmConfig(env).tracing;
    expect(tracing({})).toEqual({ otlpUrl: undefined, zipkinUrl: undefined });
    expect(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toMatchObject({
      otlpUrl: 'http://collector:4318/v1/traces',
    });
    expect(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://example.org/otlp/?tenant=1' })).toMatchObject({
      otlpUrl: 'https://example.org/otlp/v1/traces?tenant=1',
    });
    const both = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/spans' };
    expect(
      tracing({ ...both, ZIPKIN_URL: 'http://c/api/v2/spans', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }),
    ).toEqual({
      otlpUrl: 'http://b/spans',
      zipkinUrl: 'http://c/api/v2/spans',
    });
  });

  it('refuses a collector without a valid address, and any protocol but http/protobuf', () => {
    const read = () =>
      readCrmConfig({
        APP_PORT: 'x',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'grpc://localhost:4317',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        ZIPKIN_URL: 'localhost:9411',
      });
    for (const problem of [
      'APP_PORT: a port',
      'OTEL_EXPORTER_OTLP_ENDPOINT: an address such as http://localhost:4318\n',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: an address such as http://localhost:4318/v1/traces',
      'OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf',
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: http/protobuf',
      'ZIPKIN_URL: an address such as http://localhost:9411/api/v2/spans',
    ])
      expect(read).toThrow(problem);
  });

  it('reports every problem at once', () => {
    const read = () => readCrmConfig({ APP_PORT: 'x', CRM_DATABASE_URL: 'oracle:1', LOG_LEVEL: 'loud' });
    for (const problem of ['APP_PORT: a port', 'CRM_DATABASE_URL: memory, sqlite: and a file', 'LOG_LEVEL: trace'])
      expect(read).toThrow(problem);
  });

  it('parses hosts and origins as lists in the form that requests use', () => {
    const { access } = readCrmConfig({
      ALLOWED_HOSTS: ' CRM.example.org. , crm:3005,[FD00:0::5]:1,',
      ALLOWED_ORIGINS: 'https://Console.example.org:443,http://localhost:5173',
    });
    expect(access).toEqual({
      hosts: [
        { host: 'crm.example.org', port: undefined },
        { host: 'crm', port: 3005 },
        { host: '[fd00::5]', port: 1 },
      ],
      origins: ['https://console.example.org', 'http://localhost:5173'],
    });
    expect(readIotPlatformConfig({}).access).toEqual({ hosts: [], origins: [] });
  });

  it('refuses each entry that would admit every page or no page, by name', () => {
    const read = () =>
      readIotPlatformConfig({
        APP_PORT: 'x',
        ALLOWED_HOSTS: '*,*.example.org,http://crm,crm:99999,user@crm,m\u00fcnchen',
        ALLOWED_ORIGINS: '*,null,crm.example.org,https://crm/path,https://*.example.org,ftp://crm',
      });
    for (const problem of [
      'APP_PORT: a port',
      'ALLOWED_HOSTS: *: a * would admit any web page, so name each one: a host name',
      'ALLOWED_HOSTS: *.example.org: a *',
      'ALLOWED_HOSTS: http://crm: a host name or address',
      'ALLOWED_HOSTS: crm:99999: a host name',
      'ALLOWED_HOSTS: user@crm: a host name',
      'ALLOWED_HOSTS: m\u00fcnchen: a host name',
      'ALLOWED_ORIGINS: *: a * would admit any web page, so name each one: an origin',
      'ALLOWED_ORIGINS: null: an origin',
      'ALLOWED_ORIGINS: crm.example.org: an origin',
      'ALLOWED_ORIGINS: https://crm/path: an origin',
      'ALLOWED_ORIGINS: https://*.example.org: a *',
      'ALLOWED_ORIGINS: ftp://crm: an origin',
    ])
      expect(read).toThrow(problem);
  });
});
