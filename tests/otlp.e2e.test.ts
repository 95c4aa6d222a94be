import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { startSpanCollector } from './span-collector.ts';
import { componentsFolder, type Member, startCrmMember, startIotMember } from './stack/dapr-lab.ts';
import { freshStack } from './stack/fresh.ts';
import { stackReady } from './stack/stack.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

describe.runIf(await stackReady())('services and sidecars with an OTLP collector', () => {
  let collector: Awaited<ReturnType<typeof startSpanCollector>>;
  let members: Member[] = [];

  beforeAll(async () => {
    collector = await startSpanCollector();
    await freshStack();
    // The block of docs/tracing.md instead of that for Zipkin.
    const otel = `otel:\n      endpointAddress: "${new URL(collector.url).host}"\n      isSecure: false\n      protocol: http`;
    const resources = componentsFolder((_, yaml) => yaml.replace(/zipkin:\n +endpointAddress: .+/, otel));
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ZIPKIN_URL: '' };
    members = await Promise.all([startCrmMember(resources, env), startIotMember(resources, env)]);
  }, 900_000);
  afterAll(async () => {
    await Promise.all(members.map((member) => member.end('SIGKILL')));
    collector?.close();
  });

  it('report one trace of a change, from the request to the CRM to the view of the IoT platform', async () => {
    const headers = { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const body = JSON.stringify(corinneInRealTime);
    await fetch(`${members[0]?.url}/customers/7`, { method: 'POST', headers, body });
    const request = await collector.span('crm', 'POST', traceId);
    expect((await collector.span('iot-platform', 'project mandates', traceId)).parentId).toBe(request.spanId);
  });

  it('get the spans of the sidecars in the same collector', async () => {
    await collector.span('iot-platform', '/v1.0/state/statestore/transaction');
    await collector.span('crm', `/v1.0/publish/bulk/pubsub/${topics.connectionMandates.name}`);
  });

  it('start without an error or a warning of the configuration', () => {
    for (const { sidecar } of members) expect(sidecar.output()).not.toMatch(/level=(error|fatal)|onfiguration|metric/);
  });
});
