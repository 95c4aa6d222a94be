import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { streamChanges } from './change-stream.ts';

const customer = { customerId: '7', connectionId: '7733', connectionMandate: '1' };

/** A CRM that answers with these statuses and then closes the connection, like a killed one. @returns its URL and what was sent */
const openCrm = async (statuses: readonly number[]) => {
  const sent: string[] = [];
  const server = createServer((req, res) => {
    req.once('data', (body: Buffer) => {
      const status = statuses[sent.length];
      sent.push(String(body));
      if (status === undefined) res.destroy();
      else res.writeHead(status, { 'Mandate-Revision': String(sent.length) }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent };
};

it('repeats a change while the CRM is busy, and ends with the change that has no answer', async () => {
  const { url, sent } = await openCrm([503, 503, 200, 200]);
  const { answered, unanswered } = await streamChanges(url, [customer], () => {});
  expect(sent.map((body) => JSON.parse(body).connectionMandate)).toEqual(['2', '2', '2', '0', '1']);
  expect(answered).toEqual([
    { connectionId: '7733', level: '2', revision: 3 },
    { connectionId: '7733', level: '0', revision: 4 },
  ]);
  expect(unanswered).toBe(1);
});

it('fails when the CRM refuses a change', async () => {
  const { url } = await openCrm([400]);
  await expect(streamChanges(url, [customer], () => {})).rejects.toThrow('The CRM answers a change with 400');
});
