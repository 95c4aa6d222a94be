import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { corinneInRealTime } from './lab-customers.ts';
import { dataFolder, type RunningProcess, root, startProcess, waitForOutput } from './platform-process.ts';
import { startSpanCollector } from './span-collector.ts';
import { createComponentsFolder, startSidecar, waitUntilHealthy } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

describe.runIf(await isStackReady())('with an OTLP collector', () => {
  let collector: Awaited<ReturnType<typeof startSpanCollector>>;

  describe('npm run lab', () => {
    let lab: RunningProcess;
    let crm = '';

    beforeAll(async () => {
      collector = await startSpanCollector();
      await resetStack();
      lab = startProcess('scripts/lab.ts', {
        ...stackEnvironment,
        LAB_PORTS: String(ports.lab),
        RESOURCES_PATH: createComponentsFolder(),
        CRM_DATABASE_URL: `sqlite:${dataFolder()}/crm.sqlite`,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      });
      [crm = ''] = await waitForOutput(lab, /CRM +(http\S+)/, /Ctrl-C stops/);
    });
    afterAll(async () => {
      await lab?.end('SIGTERM');
      collector?.close();
    });

    it('reports one trace of a change, from the request to the CRM to the view of the IoT platform', async () => {
      const headers = { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      await fetch(`${crm}/customers/7`, { method: 'POST', headers, body: JSON.stringify(corinneInRealTime) });
      const request = await collector.waitForSpan('crm', 'POST', traceId);
      expect((await collector.waitForSpan('iot-platform', 'project mandates', traceId)).parentId).toBe(request.spanId);
    });

    it('has its sidecars report to the same collector', async () => {
      await collector.waitForSpan('iot-platform', '/dapr.proto.runtime.v1.Dapr/ExecuteStateTransaction');
      await collector.waitForSpan('crm', '/dapr.proto.runtime.v1.Dapr/BulkPublishEvent');
    });

    it('starts sidecars that find nothing wrong with their configuration', () => {
      const lines = lab.output().split('\n');
      const errors = lines.filter((line) => /level=(error|fatal)|traces export|spec\.metric/.test(line));
      // On a busy machine a health probe may take too long.
      expect(errors.filter((line) => !line.includes('scope=dapr.apphealth'))).toEqual([]);
    });
  });

  describe('a sidecar', () => {
    let sidecar: RunningProcess;
    beforeEach(async () => {
      collector = await startSpanCollector();
    });
    afterEach(async () => {
      await sidecar?.end('SIGKILL');
      collector.close();
    });

    it('reports to it with the block of docs/tracing.md', async () => {
      const document = readFileSync(join(root, 'docs/tracing.md'), 'utf8');
      const [, block = ''] = /^```yaml\n( {2}tracing:\n[^`]+)^```/m.exec(document) ?? [];
      const tracing = block.replace('localhost:4318', new URL(collector.url).host);
      const resources = createComponentsFolder((_, yaml) => yaml.replace(/^ {2}tracing:\n(?: {4}.+\n)+/m, tracing));
      expect(readFileSync(join(resources, 'config.yaml'), 'utf8')).toContain('protocol: http');
      const { rest, ...sidecarPorts } = ports.crm;
      sidecar = await startSidecar('crm', rest, sidecarPorts, resources);
      await waitUntilHealthy(`http://127.0.0.1:${sidecarPorts.dapr}/v1.0/metadata`, sidecar);
      await collector.waitForSpan('crm', '/v1.0/metadata');
    });
  });
});
