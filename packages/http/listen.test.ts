import { type AddressInfo, createServer, Server } from 'node:net';
import express from 'express';
import { expect, it, vi } from 'vitest';
import { checkPorts, listen } from './listen.ts';

it.each(['127.0.0.1', '0.0.0.0'])('returns a URL that the service accepts, listening on %s', async (host) => {
  const server = await listen(express(), { host, port: 0, variable: 'APP_PORT' });
  expect(server.url).toMatch(/^http:\/\/localhost:\d+$/);
  await server.close();
});

it('checks a port on which a sidecar waits without opening it, and refuses it if another program has it', async () => {
  const server = await listen(express(), { host: '127.0.0.1', port: 0, variable: 'APP_PORT' });
  const wanted = { host: '127.0.0.1', port: Number(new URL(server.url).port), variable: 'APP_PORT', hasSidecar: true };
  await expect(checkPorts([wanted])).rejects.toThrow(`Port ${wanted.port} is in use.`);
  await server.close();
  const opened = vi.spyOn(Server.prototype, 'listen');
  await checkPorts([wanted]);
  expect(opened).not.toHaveBeenCalledWith(wanted.port, wanted.host, expect.anything());
  opened.mockRestore();
});

it('refuses a port that another program has on ::1, which clients try first for localhost', async () => {
  const server = createServer();
  const hasIpv6 = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, '::1', () => resolve(true));
  });
  const port = hasIpv6 ? (server.address() as AddressInfo).port : 0;
  const checked = checkPorts([{ host: '127.0.0.1', port, variable: 'APP_PORT' }]);
  if (hasIpv6) await expect(checked).rejects.toThrow(`Port ${port} is in use. Choose another: APP_PORT=${port + 10} `);
  else await checked;
  server.close();
});
