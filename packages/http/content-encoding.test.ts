import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import request from 'supertest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { noEvents } from '../../tests/no-events.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { createHttpApp } from './app.ts';
import { readBody } from './content-encoding.ts';
import { operation } from './operation.ts';

const api = { title: 'Things', description: 'A service of this test.', events: noEvents };
const problem = { status: z.number() };

/** A JSON route, and a route that streams its body and returns it, up to 1,000 bytes. */
const routes = {
  '/things': {
    post: operation({
      summary: 'Post a thing',
      body: z.object({ name: z.string() }),
      responses: {},
      handle: ({ body }, res) => res.json(body),
    }),
  },
  '/files': {
    post: operation({
      summary: 'Post a file',
      bodyTypes: ['text/csv', 'application/octet-stream'],
      responses: {},
      handle: async (_, res, req) => {
        const chunks: Buffer[] = [];
        for await (const chunk of readBody(req)) {
          chunks.push(chunk);
          if (Buffer.concat(chunks).length > 1_000) return res.status(413).json(problem);
        }
        res.json({ name: Buffer.concat(chunks).toString() });
      },
    }),
  },
};
const http = request(createHttpApp(routes, { ...createTestRuntime(), api }));

const post = (path: string, encoding: string, body: Buffer) =>
  http
    .post(path)
    .set('Content-Type', path === '/things' ? 'application/json' : 'text/csv')
    .set('Content-Encoding', encoding)
    .serialize((bytes: Buffer) => bytes as unknown as string)
    .send(body);

const json = JSON.stringify({ name: 'Eva' });

describe.each([
  ['/things', json],
  ['/files', 'Eva'],
])('a compressed body of %s', (path, content) => {
  it.each([
    ['gzip', gzipSync(content)],
    ['x-gzip', gzipSync(content)],
    ['GZIP', gzipSync(content)],
    ['deflate', deflateSync(content)],
    ['br', brotliCompressSync(content)],
    ['identity', Buffer.from(content)],
  ])('is decoded: %s', async (encoding, body) =>
    expect((await post(path, encoding, body).expect(200)).body).toEqual({ name: 'Eva' }));

  it.each([
    'zstd',
    'compress',
    'gzip, gzip',
    'toString',
  ])('is refused in %j, and the answer names the others', async (encoding) => {
    const { body, headers } = await post(path, encoding, gzipSync(content)).expect(415);
    expect(headers['accept-encoding']).toBe('gzip, deflate, br');
    expect(body).toMatchObject({
      type: 'urn:problem:unsupported-media-type',
      detail: expect.stringContaining('gzip, deflate, br'),
    });
  });

  it.each([
    ['gzip', Buffer.from(content)],
    ['gzip', gzipSync(content).subarray(0, -5)],
    ['deflate', gzipSync(content)],
    ['br', Buffer.from('not compressed')],
  ])('is malformed if it is not %s', async (encoding, body) =>
    expect((await post(path, encoding, body).expect(400)).body).toMatchObject({
      type: 'urn:problem:malformed-request',
    }));

  it('is limited in its decoded size', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 ** 2, ' '));
    await post(path, 'gzip', bomb).expect(413);
  });
});

it('reads a body without a type as bytes', async () => {
  const server = createServer(createHttpApp(routes, { ...createTestRuntime(), api })).listen(0);
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const status = (path: string) =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ port, path, method: 'POST', headers: { 'Content-Length': 3 } }, (res) => {
        res.resume();
        resolve(res.statusCode);
      });
      sent.on('error', reject).end('Eva');
    });
  expect(await status('/files')).toBe(200);
  expect(await status('/things')).toBe(415);
});
