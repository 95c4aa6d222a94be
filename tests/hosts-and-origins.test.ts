import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { topics } from '../contracts/topics.ts';
import { createCrmApp } from '../crm/app.ts';
import { registerCustomer } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { watchOutbox } from '../crm/outbox/index.ts';
import { createCustomerViewApp } from '../customer-view/app.ts';
import { createIotPlatformApp } from '../iot-platform/app.ts';
import { createDeliveries } from '../packages/dapr/event-bus/deliveries.ts';
import { authenticateSidecar } from '../packages/dapr/sidecar-authentication.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { hostList, originList } from '../packages/http/access-rules.ts';
import { createDeliveryApp } from '../packages/http/delivery-app.ts';
import { type Listening, listen } from '../packages/http/listen.ts';
import { createIdleCustomerView } from './customer-view-app.ts';
import { createIdleViews } from './idle-views.ts';
import { corinne } from './lab-customers.ts';
import { root } from './platform-process.ts';
import { type RawAnswer, sendRaw } from './raw-http.ts';
import { createTestRuntime } from './test-runtime.ts';

const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
const runtime = createTestRuntime();
const consolePage = 'https://console.example.org';
const access = { hosts: hostList.parse('crm.example.org'), origins: originList.parse(consolePage) };
const deliveries = () => {
  const created = createDeliveries(authenticateSidecar('secret'), runtime);
  created.add('pubsub', 'things', async (batch) => batch.map(() => 'done'));
  return created.router;
};
const iotPlatform = (more: object) =>
  createIotPlatformApp({
    ...runtime,
    ...more,
    access,
    bus: platform.eventBus('test'),
    store: platform.stateStore('statestore'),
    ...createIdleViews(platform.stateStore('statestore')),
  });

const services = {
  CRM: async () => {
    const context = { ...runtime, db: await openCrmDatabase('memory'), onCommit: () => {} };
    await registerCustomer(context, { ...corinne, connectionMandate: '1', email: null, phone: null });
    const parts = { imports: createImportQueue(context, 'not used'), outbox: watchOutbox(context) };
    return createCrmApp({ ...context, ...parts, access, bus: platform.eventBus('test'), isDurable: false });
  },
  'IoT platform': async () => iotPlatform({}),
  'customer-view': async () =>
    createCustomerViewApp({ ...runtime, access, bus: platform.eventBus('test'), ...(await createIdleCustomerView()) }),
  'IoT platform with deliveries on its port': async () => iotPlatform({ deliveries: deliveries() }),
  'delivery port': async () => createDeliveryApp(deliveries(), { ...runtime, access }),
};

const started: Listening[] = [];
const startService = async (name: keyof typeof services): Promise<number> => {
  const server = await listen(await services[name](), { host: '127.0.0.1', port: 0, variable: 'APP_PORT' });
  started.push(server);
  return Number(new URL(server.url).port);
};
afterAll(() => Promise.all(started.map((server) => server.close())));

const closing = 'Connection: close\r\n\r\n';
const expectProblem = ({ status, headers, body }: RawAnswer, expected: { status: number; code: string }) => {
  expect({ status, type: JSON.parse(body).type }).toEqual({
    status: expected.status,
    type: `urn:problem:${expected.code}`,
  });
  expect(JSON.parse(body).status).toBe(expected.status);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expectSecurityHeaders(headers);
};
const expectSecurityHeaders = (headers: Record<string, string>) =>
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'content-security-policy': expect.stringMatching(/^default-src 'none'.*frame-ancestors 'none'/),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });

describe.each(Object.keys(services) as (keyof typeof services)[])('the %s', (name) => {
  let port: number;
  beforeAll(async () => {
    port = await startService(name);
  });
  const send = (head: string, headers = '') => sendRaw(port, `${head}\r\n${headers}${closing}`);

  it.each([
    ['another Host', 'GET /healthz HTTP/1.1', 'Host: evil.example\r\n', 421, 'host-not-allowed'],
    ['another Host for deliveries', 'GET /dapr/subscribe HTTP/1.1', 'Host: evil.example\r\n', 421, 'host-not-allowed'],
    ['another Host for an unknown path', 'GET /x HTTP/1.1', 'Host: evil.example\r\n', 421, 'host-not-allowed'],
    ['two Hosts', 'GET /healthz HTTP/1.1', 'Host: localhost\r\nHost: evil.example\r\n', 400, 'invalid-host'],
    ['twice the same Host', 'GET /healthz HTTP/1.1', 'Host: localhost\r\nhost: localhost\r\n', 400, 'invalid-host'],
    ['an empty Host', 'GET /healthz HTTP/1.1', 'Host:\r\n', 400, 'invalid-host'],
    ['no Host', 'GET /healthz HTTP/1.1', '', 400, 'invalid-host'],
    ['no Host in HTTP/1.0', 'GET /healthz HTTP/1.0', '', 400, 'invalid-host'],
    [
      'a second Host behind many headers',
      'GET /healthz HTTP/1.1',
      `Host: localhost\r\n${'a:b\r\n'.repeat(2_400)}Host: evil.example\r\n`,
      400,
      'invalid-host',
    ],
    [
      'a foreign Origin behind many headers',
      'DELETE /x HTTP/1.1',
      `Host: localhost\r\n${'a:b\r\n'.repeat(2_400)}Origin: http://evil.example\r\n`,
      403,
      'origin-not-allowed',
    ],
    ['a target that is no URL', 'GET http://[::1/healthz HTTP/1.1', 'Host: localhost\r\n', 400, 'malformed-request'],
    ['a Host with other bytes', 'GET /healthz HTTP/1.1', 'Host: l\xf3calhost\r\n', 400, 'invalid-host'],
    ['user-info', 'GET /healthz HTTP/1.1', 'Host: localhost@evil.example\r\n', 400, 'invalid-host'],
    ['another target', 'GET http://evil.example/healthz HTTP/1.1', 'Host: localhost\r\n', 400, 'invalid-host'],
    ['a target alone', 'GET http://localhost/healthz HTTP/1.1', '', 400, 'invalid-host'],
    ['a foreign target', 'GET http://evil.example/ HTTP/1.1', 'Host: evil.example\r\n', 421, 'host-not-allowed'],
    ['a foreign Origin', 'POST /x HTTP/1.1', 'Host: localhost\r\nOrigin: http://evil\r\n', 403, 'origin-not-allowed'],
    ['the Origin null', 'DELETE /x HTTP/1.1', 'Host: localhost\r\nOrigin: null\r\n', 403, 'origin-not-allowed'],
    [
      'two Origins',
      'POST /x HTTP/1.1',
      `Host: localhost\r\nOrigin: ${consolePage}\r\nOrigin: ${consolePage}\r\n`,
      403,
      'origin-not-allowed',
    ],
    [
      'another site',
      'POST /deliveries/things HTTP/1.1',
      'Host: localhost\r\nSec-Fetch-Site: cross-site\r\n',
      403,
      'origin-not-allowed',
    ],
  ])('refuses %s', async (_, head, headers, status, code) =>
    expectProblem(await send(head, headers), { status, code }));

  it.each([
    ['GET /healthz HTTP/1.1', 'Host: localhost\r\n'],
    ['GET /healthz HTTP/1.1', 'Host: LOCALHOST.:1\r\n'],
    ['GET /healthz HTTP/1.1', 'Host: [::1]:3005\r\nExpect: something\r\n'],
    ['GET /healthz HTTP/1.0', 'Host: 127.0.0.1\r\n'],
    ['GET /healthz HTTP/1.1', 'Host: crm.example.org\r\nOrigin: https://evil.example\r\n'],
    ['GET http://localhost/healthz HTTP/1.1', 'Host: localhost\r\n'],
  ])('answers %s with %j', async (head, headers) => {
    const answer = await send(head, headers);
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('alive') });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expectSecurityHeaders(answer.headers);
  });

  it('answers the CORS preflight of an allowed origin, and of no other', async () => {
    const preflightHeaders = 'Access-Control-Request-Method: DELETE\r\nAccess-Control-Request-Headers: if-match\r\n';
    const preflight = await send(
      'OPTIONS /healthz HTTP/1.1',
      `Host: localhost\r\nOrigin: ${consolePage}\r\n${preflightHeaders}`,
    );
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': consolePage,
        'access-control-allow-methods': expect.stringContaining('DELETE'),
        'access-control-allow-headers': '*, Authorization',
        vary: 'Origin',
      },
    });
    const answer = await send('GET /healthz HTTP/1.1', `Host: localhost\r\nOrigin: ${consolePage}\r\n`);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': consolePage, vary: 'Origin' });
    const changed = await send('DELETE /x HTTP/1.1', `Host: localhost\r\nOrigin: ${consolePage}\r\n`);
    expect(changed).toMatchObject({ status: 404, headers: { 'access-control-allow-origin': consolePage } });
    const foreign = await send(
      'OPTIONS /healthz HTTP/1.1',
      `Host: localhost\r\nOrigin: http://evil\r\n${preflightHeaders}`,
    );
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('sends the security headers with errors as well', async () => {
    for (const path of ['/x', '/%ff', '/deliveries/%ff', '/customers/%ff', '/mandates/%0d%0aSet-Cookie:a']) {
      const answer = await send(`GET ${path} HTTP/1.1`, 'Host: localhost\r\n');
      expect([400, 403, 404, 405]).toContain(answer.status);
      expectSecurityHeaders(answer.headers);
      expect(answer.body).not.toMatch(/<html|node_modules/i);
    }
  });

  it.each([
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', 400, 'malformed-request'],
    ['a NUL in Host', 'GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n', 400, 'malformed-request'],
    ['a bare CR', 'GET / HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n', 400, 'malformed-request'],
    ['no HTTP', 'hello\r\n\r\n', 400, 'malformed-request'],
    ['too many headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ])('answers %s with problem details', async (_, bytes, status, code) =>
    expectProblem(await sendRaw(port, bytes), { status, code }));

  it.each([
    'Accept',
    'Accept-Encoding',
    'Access-Control-Request-Headers',
    'Authorization',
    'Content-Encoding',
    'Content-Type',
    'Cookie',
    'Expect',
    'Idempotency-Key',
    'If-Match',
    'If-Modified-Since',
    'If-None-Match',
    'If-Unmodified-Since',
    'Mandate-Changed-By',
    'Origin',
    'Range',
    'Sec-Fetch-Site',
    'traceparent',
    'Transfer-Encoding',
    'X-HTTP-Method-Override',
  ])('never answers unusual bytes in %s with a server error', async (header) => {
    const values = ['\xff\x80', '"\xe9', ';;=,', '%0d%0a', '\t', 'a'.repeat(8_000), 'bytes=999999999-', '"x"', '*'];
    for (const [method, path] of [
      ['GET', '/docs/show.js'],
      ['GET', '/customers/1'],
      ['PATCH', '/customers/1'],
      ['POST', '/deliveries/things'],
      ['OPTIONS', '*'],
    ])
      for (const value of values) {
        const body = method === 'PATCH' || method === 'POST' ? '{"entries":[]}' : '';
        const commonHeaders = `Host: localhost\r\ndapr-api-token: secret\r\nContent-Length: ${body.length}\r\n`;
        const head = `${method} ${path} HTTP/1.1\r\n${header}: ${value}\r\n`;
        const { status } = await sendRaw(port, `${head}${commonHeaders}${closing}${body}`);
        expect(status, `${method} ${path} ${value}`).toBeLessThan(500);
        expect(status).toBeGreaterThanOrEqual(200);
      }
  });
});

describe('the page of the API', () => {
  it('has its own content security policy and cached assets, and the same checks', async () => {
    const port = await startService('CRM');
    const get = (path: string, host = 'localhost') =>
      sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${closing}`);
    const page = await get('/docs');
    expect(page.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("script-src 'self'"),
    });
    expect((await get('/docs/show.js')).headers['cache-control']).toBe('public, max-age=3600');
    expectProblem(await get('/docs/show.js', 'evil.example'), { status: 421, code: 'host-not-allowed' });
  });

  it('answers 416 to an invalid range and 412 to another version', async () => {
    const port = await startService('CRM');
    const get = (header: string) =>
      sendRaw(port, `GET /docs/show.js HTTP/1.1\r\nHost: localhost\r\n${header}\r\n${closing}`);
    expect((await get('Range: bytes=999999999-')).status).toBe(416);
    expect((await get('If-Match: "x"')).status).toBe(412);
  });
});

it('a cross-site request does not change a customer', async () => {
  const port = await startService('CRM');
  const customer = () => sendRaw(port, `GET /customers/1 HTTP/1.1\r\nHost: localhost\r\n${closing}`);
  const before = await customer();
  expect(before.status).toBe(200);
  const body = '{"customerId":"1"}';
  const json = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  const form = `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n`;
  const erase = (headers: string) => sendRaw(port, `POST /customers/1/erasure HTTP/1.1\r\n${headers}${closing}${body}`);
  expect((await erase(`Host: rebound.example\r\n${json}`)).status).toBe(421);
  expect((await erase(`Host: localhost\r\nOrigin: https://evil.example\r\n${json}`)).status).toBe(403);
  expect((await erase(`Host: localhost\r\nOrigin: null\r\n${form}`)).status).toBe(403);
  expect((await erase(`Host: localhost\r\n${form}`)).status).toBe(415);
  expect((await customer()).body).toBe(before.body);
  expect((await erase(`Host: localhost\r\n${json}`)).status).toBe(200);
});

it('dapr.yaml lets the pages of the CRM call every service, and leaves the operator token to the environment', () => {
  const { apps } = parse(readFileSync(join(root, 'dapr.yaml'), 'utf8'));
  const environments = apps
    .filter(({ appID }: { appID: string }) => ['crm', 'iot-platform', 'customer-view'].includes(appID))
    .map(({ env }: { env: Record<string, string> }) => env);
  expect(environments).toHaveLength(3);
  for (const env of environments) {
    expect(env.ALLOWED_ORIGINS).toBe('http://localhost:3005,http://127.0.0.1:3005,http://[::1]:3005');
    expect(env).not.toHaveProperty('OPERATOR_TOKEN');
  }
});
