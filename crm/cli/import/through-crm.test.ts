import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { CrmUnreachable, followImport, sendFile } from './through-crm.ts';

const startCrmStub = (...statuses: number[]) => {
  const job = { finishedAt: '2026-11-21T12:00:00.000Z' };
  const server = createServer((_, res) => {
    const status = statuses.shift() ?? 200;
    res.writeHead(status).end(JSON.stringify(status === 200 ? job : { detail: 'There is no import i.' }));
  }).listen(0);
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}`;
};

it('keeps waiting while the CRM answers 503', async () =>
  expect(await followImport(startCrmStub(503), 'i', () => {})).toMatchObject({ finishedAt: expect.any(String) }));

it('fails at once if the CRM no longer has the import', async () =>
  await expect(followImport(startCrmStub(404), 'i', () => {})).rejects.toThrow(
    /There is no import i\.[\s\S]*import the file again/,
  ));

it.each([
  ['another service', 404, '{"type":"urn:problem:unknown-route","detail":"There is no POST /imports."}'],
  ['another program', 405, 'Method Not Allowed'],
  ['a page', 200, '<html></html>'],
])('recognises %s at the URL of the CRM', async (_, status, text) => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status).end(text);
  }).listen(0);
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  await expect(sendFile(url, 'data/registrations.csv', { dryRun: true, onConflict: 'skip' })).rejects.toThrow(
    new CrmUnreachable(`The server at ${url} is not a CRM (it answers /imports with ${status})`),
  );
});
