import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Serves the checks before a rebuild but no page of customers, so that a rebuild waits and holds its lease. */
export const startSilentCrm = async (): Promise<string> => {
  const server = createServer((req, res) => {
    const answer = req.url === '/status' ? '{"database":"durable"}' : '{"items":[],"next":null}';
    if (req.url === '/status' || req.url?.endsWith('limit=1'))
      res.setHeader('content-type', 'application/json').end(answer);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
