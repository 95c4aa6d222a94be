import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { callService, describeRefusal, refuseOtherServer } from './call-service.ts';

const startService = async (status: number, text: string) => {
  const received: {
    method?: string | undefined;
    path?: string | undefined;
    type?: string | undefined;
    body: string;
  }[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      received.push({ method: req.method, path: req.url, type: req.headers['content-type'], body });
      res.writeHead(status).end(text);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { received, service: { name: 'shop', url, remedy: 'start it.' } };
};

it('sends JSON, and returns the response', async () => {
  const { received, service } = await startService(200, '{"a":1}');
  expect(await callService(service, '/x', { method: 'POST', body: { b: 2 } })).toEqual({
    status: 200,
    ok: true,
    body: { a: 1 },
  });
  await callService(service, '/x');
  expect(received).toEqual([
    { method: 'POST', path: '/x', type: 'application/json', body: '{"b":2}' },
    { method: 'GET', path: '/x', type: undefined, body: '' },
  ]);
});

it('keeps the path of the base URL, with or without a trailing slash', async () => {
  const { received, service } = await startService(200, '{}');
  for (const base of ['', '/', '/crm', '/crm/']) await callService({ ...service, url: service.url + base }, '/x?y=1');
  expect(received.map(({ path }) => path)).toEqual(['/x?y=1', '/x?y=1', '/crm/x?y=1', '/crm/x?y=1']);
});

it('describes a refusal by its problem details, or by its status if there are none', async () => {
  const problem = await startService(409, '{"detail":"It is taken.","remedy":"Take another."}');
  expect(describeRefusal(await callService(problem.service, '/'))).toBe('It is taken. Take another.');
  const other = await startService(502, '<html>');
  expect(describeRefusal(await callService(other.service, '/'))).toBe('status 502');
});

it('reports a service that does not answer, with the cause and the remedy', () =>
  expect(callService({ name: 'shop', url: 'http://127.0.0.1:9', remedy: 'start it.' }, '/')).rejects.toThrow(
    /^The shop does not answer at http:\/\/127\.0\.0\.1:9 \(.+\): start it\.$/,
  ));

it.each([
  ['an unknown route', 404, '{"type":"urn:problem:unknown-route","detail":"There is no GET /x."}'],
  ['an HTML page', 200, '<html></html>'],
  ['a refusal that is not a problem of this platform', 404, '{"error":"Not Found"}'],
])('refuses another server by its response: %s', async (_, status, text) => {
  const { service } = await startService(status, text);
  const response = await callService(service, '/x');
  expect(() => refuseOtherServer(service, '/x', response)).toThrow(
    `The server at ${service.url} is not the shop (it answers /x with ${status}): start it.`,
  );
});

it.each([
  [200, '{"items":[]}'],
  [404, '{"type":"urn:problem:customer-unknown"}'],
  [503, '{"type":"urn:problem:database-busy"}'],
])('accepts each response of the service itself: %d %s', async (status, text) => {
  const { service } = await startService(status, text);
  const response = await callService(service, '/x');
  expect(() => refuseOtherServer(service, '/x', response)).not.toThrow();
});
