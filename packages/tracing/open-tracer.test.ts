import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { startSpanCollector } from '../../tests/span-collector.ts';
import { createLog } from '../runtime/log.ts';
import { openTracer } from './open-tracer.ts';
import type { TracingSettings } from './settings.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  for (const close of closing.splice(0)) await close();
});

const collector = async (status?: number | 'no answer') => {
  const started = await startSpanCollector(status);
  closing.push(started.close);
  return started;
};
const open = async (settings: Partial<TracingSettings>) => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  const tracer = await openTracer('crm', { otlpUrl: undefined, zipkinUrl: undefined, ...settings }, log);
  return { tracer, lines };
};
const openReporting = async (settings: Partial<TracingSettings>) => {
  const { tracer, lines } = await open(settings);
  if (!tracer) throw new Error('no tracer');
  return { tracer, lines };
};

describe('a service’s tracer', () => {
  it('is undefined if no collector is configured', async () => expect((await open({})).tracer).toBeUndefined());

  it('reports spans by OTLP, which continue the trace of their parent', async () => {
    const { url, waitForSpan, requests } = await collector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer secret');
    const { tracer } = await openReporting({ otlpUrl: `${url}/v1/traces` });
    const started = tracer.start('POST', traceparent);
    started.end();
    await tracer.close();
    const reported = await waitForSpan('crm', 'POST');
    expect(reported).toMatchObject({ traceId, parentId: '00f067aa0ba902b7' });
    expect(started.traceparent).toBe(`00-${traceId}-${reported.spanId}-01`);
    expect(requests).toMatchObject([
      {
        path: '/v1/traces',
        headers: { 'content-type': 'application/x-protobuf', authorization: 'Bearer secret' },
      },
    ]);
  });

  it('reports the same spans to an OTLP collector and to Zipkin if both are configured', async () => {
    const [otlp, zipkin] = [await collector(), await collector()];
    const { tracer } = await openReporting({ otlpUrl: otlp.url, zipkinUrl: `${zipkin.url}/api/v2/spans` });
    tracer.start('GET', undefined).end();
    await tracer.close();
    expect(await zipkin.waitForSpan('crm', 'GET')).toEqual(await otlp.waitForSpan('crm', 'GET'));
    expect(zipkin.requests).toMatchObject([{ path: '/api/v2/spans' }]);
  });

  it('has the name and the sampler of OpenTelemetry’s variables', async () => {
    const { url, waitForSpan, spans } = await collector();
    vi.stubEnv('OTEL_SERVICE_NAME', 'crm-of-delft');
    const named = await openReporting({ otlpUrl: url });
    named.tracer.start('GET', undefined).end();
    await named.tracer.close();
    await waitForSpan('crm-of-delft', 'GET');
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    const unsampled = await openReporting({ otlpUrl: url });
    const started = unsampled.tracer.start('GET', undefined);
    started.end();
    await unsampled.tracer.close();
    expect(started.traceparent).toMatch(/-00$/);
    expect(spans).toHaveLength(1);
  });

  it('logs one warning, without the password, about a collector that refuses every batch', async () => {
    const { url, requests } = await collector(400);
    const { tracer, lines } = await openReporting({ otlpUrl: url.replace('://', '://user:secret@') });
    for (const batches of [1, 2, 3]) {
      tracer.start('GET', undefined).end();
      await eventually(() => expect(requests).toHaveLength(batches));
    }
    await tracer.close();
    expect(lines).toMatchObject([
      {
        level: 40,
        service: 'crm',
        collector: `${url}/`,
        msg: 'spans are lost, because the collector does not accept them: check that it runs at this address',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('closes although no collector answers', async () => {
    const [otlp, zipkin] = [await collector('no answer'), await collector('no answer')];
    const { tracer } = await openReporting({ otlpUrl: otlp.url, zipkinUrl: zipkin.url });
    tracer.start('GET', undefined).end();
    const closed = tracer.close();
    await eventually(() => expect([otlp.requests.length, zipkin.requests.length]).toEqual([1, 1]));
    await closed;
  });

  it('logs a warning with the reason if no collector runs at the address', async () => {
    const { url, close } = await startSpanCollector();
    close();
    const { tracer, lines } = await openReporting({ zipkinUrl: url });
    tracer.start('GET', undefined).end();
    await tracer.close();
    expect(lines).toMatchObject([{ reason: expect.stringContaining('ECONNREFUSED') }]);
  });
});
