import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openRedisEvictionCheck, type RedisEvictionCheck } from './redis-eviction.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const openCheck = async (port: number): Promise<RedisEvictionCheck> => {
  const eviction = await openRedisEvictionCheck(`redis://user:secret@127.0.0.1:${port}`);
  closing.push(eviction.close);
  return eviction;
};
const portOf = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

it('does not wait for a Redis that accepts connections and never answers', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  const { check: checkSilent } = await openCheck(await portOf(server));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await expect(checkSilent()).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ \(REDIS_URL\) does not answer.*within 1 s/);
});

it('reports an unreachable Redis without its password', async () => {
  const server = createServer();
  const port = await portOf(server);
  await new Promise((resolve) => server.close(resolve));
  const eviction = await openCheck(port);
  const message = await eviction.check().catch((error: Error) => error.message);
  expect(message).toMatch(/does not answer, so it is not known whether it evicts keys: /);
  expect(message).not.toContain('secret');
});
