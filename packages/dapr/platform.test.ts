import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { loopbackOnly } from '../http/access-rules.ts';
import { createDeliveryApp } from '../http/delivery-app.ts';
import { openDaprPlatform } from './platform.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A sidecar that requires `token`, if given; `anonymousCalls` counts calls without a token. */
const startSidecar = async (token?: string) => {
  const seen = { anonymousCalls: 0 };
  const server = createServer((req, res) => {
    if (req.headers['dapr-api-token'] === undefined && req.url?.endsWith('/metadata')) seen.anonymousCalls++;
    if (req.url === '/v1.0/healthz/outbound') res.writeHead(204).end();
    else if (token !== undefined && req.headers['dapr-api-token'] !== token) res.writeHead(401).end();
    else res.end(JSON.stringify({ id: 'crm', components: [] }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  closing.push(() => void server.close().closeAllConnections());
  return { port: (server.address() as AddressInfo).port, seen };
};

const openPlatform = (sidecarPort: number, tokens: { sidecarToken?: string; appToken?: string }) => {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line).msg) });
  const settings = { sidecarPort, kafkaBrokers: [], ...tokens };
  const { close, deliveries } = openDaprPlatform(settings, [], { ...createTestRuntime(), log, fail: () => {} });
  closing.push(close);
  return { warnings, deliveries };
};

it('logs at most five lines for any number of calls that are not from the sidecar', async () => {
  const { port } = await startSidecar('s');
  const { warnings, deliveries } = openPlatform(port, { appToken: 'a', sidecarToken: 's' });
  const http = request(createDeliveryApp(deliveries, { ...createTestRuntime(), access: loopbackOnly }));
  for (let n = 0; n < 50; n++) await http.post('/deliveries/things').send({ entries: [] }).expect(403);
  expect(warnings).toHaveLength(5);
  expect(warnings[0]).toContain('refused a call that is not from the sidecar');
});

describe('a service with a sidecar', () => {
  it('warns once about each missing token, with the risk and the remedy', async () => {
    const { port } = await startSidecar();
    const { warnings } = openPlatform(port, {});
    expect(warnings).toEqual([
      expect.stringMatching(/^APP_API_TOKEN is not set: every program .* may deliver .* must share it$/),
      expect.stringMatching(
        /^DAPR_API_TOKEN is not set: .* any web page .* forged events .* set the same DAPR_API_TOKEN/,
      ),
    ]);
  });

  it('warns if the sidecar was started without the token of the service', async () => {
    const { port } = await startSidecar();
    const { warnings } = openPlatform(port, { appToken: 'a', sidecarToken: 's' });
    await eventually(() =>
      expect(warnings).toEqual([expect.stringMatching(/^The sidecar was started without DAPR_API_TOKEN: /)]),
    );
  });

  it('does not warn if service and sidecar have both tokens', async () => {
    const { port, seen } = await startSidecar('s');
    const { warnings } = openPlatform(port, { appToken: 'a', sidecarToken: 's' });
    await eventually(() => expect(seen.anonymousCalls).toBe(1));
    expect(warnings).toEqual([]);
  });
});
