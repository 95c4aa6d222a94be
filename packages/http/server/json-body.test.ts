import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { noEvents } from '../../../tests/no-events.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { createHttpApp } from '../app.ts';
import { operation } from '../operation.ts';

const api = { title: 'Things', description: 'A service of this test.', events: noEvents };
const body = z.object({ name: z.string() });
const routes = {
  '/things': {
    post: operation({ summary: 'Echo', body, responses: {}, handle: (sent, res) => res.json(sent.body) }),
  },
};
const http = request(createHttpApp(routes, { ...createTestRuntime(), api }));
const send = (bytes: Buffer, headers: Record<string, string> = {}) =>
  http
    .post('/things')
    .set({ 'Content-Type': 'application/json', ...headers })
    .serialize((sent) => sent as never)
    .send(bytes as never);

const json = '{"name":"Zoë"}';

describe('a JSON body', () => {
  it.each([
    ['UTF-8', Buffer.from(json), {}],
    ['UTF-8 that is declared', Buffer.from(json), { 'Content-Type': 'application/json; charset=UTF-8' }],
    ['UTF-8 by its other name', Buffer.from(json), { 'Content-Type': 'application/json;charset="UTF8"' }],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${json}`), {}],
    ['compressed UTF-8', gzipSync(json), { 'Content-Encoding': 'gzip' }],
  ])('may be %s', async (_, bytes, headers) => {
    const { body: echoed } = await send(bytes, headers).expect(200);
    expect(echoed).toEqual({ name: 'Zoë' });
  });

  it.each([
    ['Latin-1', Buffer.from(json, 'latin1'), {}, 'bytes of another encoding'],
    ['compressed Latin-1', gzipSync(Buffer.from(json, 'latin1')), { 'Content-Encoding': 'gzip' }, 'another encoding'],
    ['half a character', Buffer.from(json).subarray(0, 12), {}, 'another encoding'],
    ['UTF-16', Buffer.from(json, 'utf16le'), {}, 'UTF-16'],
  ])('in %s is refused, and UTF-8 was expected', async (_, bytes, headers, found) => {
    const answer = await send(bytes, headers).expect(400);
    expect(answer.body).toMatchObject({
      type: 'urn:problem:malformed-json',
      detail: expect.stringContaining(found),
      remedy: expect.stringContaining('UTF-8'),
    });
    expect(answer.body.detail).toContain('must be JSON in UTF-8');
  });

  it.each([
    'utf-16',
    'utf-16le',
    'utf-7',
    'iso-8859-1',
    'windows-1252',
  ])('is refused with charset=%s', async (charset) => {
    const answer = await send(Buffer.from(json), { 'Content-Type': `application/json; charset=${charset}` }).expect(
      415,
    );
    expect(answer.body.detail).toContain('UTF-8');
  });
});
