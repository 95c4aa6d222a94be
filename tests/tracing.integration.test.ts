import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { dataFolder, type RunningProcess, startPlatform } from './platform-process.ts';
import { startSpanCollector } from './span-collector.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const ended: (() => unknown)[] = [];
afterEach(() => Promise.all(ended.splice(0).map((end) => end())));
const endLater = <T extends RunningProcess>(started: T): T => {
  ended.push(() => started.end('SIGKILL'));
  return started;
};
const start = async (env: Record<string, string>) => endLater(await startPlatform({ DATA_DIR: dataFolder(), ...env }));
const collector = async () => {
  const started = await startSpanCollector();
  ended.push(started.close);
  return started;
};

const changeIn = (crm: string) => {
  const headers = { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  return fetch(`${crm}/customers/7`, { method: 'POST', headers, body: JSON.stringify(corinneInRealTime) });
};
const becomes = (platform: { iotPlatform: string }, mandate: string) =>
  eventually(async () => expect(await fetchMandate({ url: platform.iotPlatform }, '7733')).toBe(mandate));

describe('npm start with a collector', () => {
  it('reports one trace of a change, from the request to the CRM to the view of the IoT platform', async () => {
    const { url, waitForSpan, requests } = await collector();
    const platform = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    const response = await changeIn(platform.crm);
    expect(response.status).toBe(200);
    const request = await waitForSpan('crm', 'POST');
    expect(request).toMatchObject({ traceId, parentId: '00f067aa0ba902b7' });
    // The customers of the file have traces of their own.
    const applied = await waitForSpan('iot-platform', 'project mandates', traceId);
    expect(applied.parentId).toBe(request.spanId);
    expect(new Set(requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  });

  it('runs and stops as usual while the collector is unavailable, with one warning for each service', async () => {
    const { url, close } = await startSpanCollector();
    close();
    // Without the exporter's patience of ten seconds.
    const platform = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '100' });
    await postJson(`${platform.crm}/customers/7`, corinneInRealTime);
    await becomes(platform, '2');
    const warnings = () => platform.output().match(/spans are lost/g) ?? [];
    await eventually(async () => {
      for (const url of [platform.iotPlatform, platform.customerView]) await getJson(`${url}/healthz`);
      expect(warnings()).toHaveLength(3);
    });
    expect(await platform.end('SIGTERM')).toBe(0);
    expect(warnings()).toHaveLength(3);
  });
});
