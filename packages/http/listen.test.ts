import express from 'express';
import { expect, it } from 'vitest';
import { listen } from './listen.ts';

it.each(['127.0.0.1', '0.0.0.0'])('returns a URL that the service accepts, listening on %s', async (host) => {
  const server = await listen(express(), { host, port: 0, variable: 'APP_PORT' });
  expect(server.url).toMatch(/^http:\/\/localhost:\d+$/);
  await server.close();
});
