import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type StubResponses = Record<string, [status: number, body: object]>;

/**
 * Starts a server that answers each path with a status and JSON, and any other path with 404, as a CRM of an older
 * release.
 */
export const startStubCrm = async (answers: StubResponses) => {
  const server = createServer((req, res) => {
    const [status, body] = answers[String(req.url)] ?? [404, { type: 'urn:problem:unknown-route' }];
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const changedAt = '2026-11-21T09:00:00.000Z';
const mandate = (connectionId: string) => ({ connectionId, connectionMandate: '1', revision: 7, changedAt });

/** Three mandates on two pages. */
export const mandatePages: StubResponses = {
  '/mandates?limit=1000': [200, { items: [mandate('1'), mandate('2')], next: '/mandates?limit=1000&after=2' }],
  '/mandates?limit=1000&after=2': [200, { items: [mandate('3')], next: null }],
};
