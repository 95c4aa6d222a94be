import express, { type Request, type Response } from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { speedUpJsonResponses } from './json-response.ts';

const bodies: Record<string, unknown> = {
  object: { name: 'Zoë <b>', list: [1, null], left: undefined },
  list: [],
  text: 'a "text"',
  number: 7,
  nothing: null,
  undefined: undefined,
  large: { text: 'é'.repeat(3_000) },
};

/** Two apps with the same route, with and without faster responses. */
const createApp = (isFast: boolean) => {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  if (isFast) speedUpJsonResponses(app);
  app.get('/', ({ query, headers }: Request, res: Response) => {
    if (query.etag) res.set('ETag', '"7"');
    if (query.modified) res.set('Last-Modified', 'Sat, 21 Nov 2026 09:00:00 GMT');
    if (query.chunked) res.set('Transfer-Encoding', 'chunked');
    if (query.type) res.type(String(query.type));
    if (headers['x-status']) res.status(Number(headers['x-status']));
    res.json(bodies[String(query.body)]);
  });
  return request(app);
};
const [fast, ofExpress] = [createApp(true), createApp(false)];

const send = async (http: typeof fast, method: 'get' | 'head', path: string, headers: Record<string, string>) => {
  const { status, text, headers: received } = await http[method](path).set(headers);
  const { date: _, ...compared } = received;
  return { status, text, headers: compared };
};

describe('a JSON response is the one of Express', () => {
  it.each(Object.keys(bodies))('with the body %s', async (body) => {
    for (const method of ['get', 'head'] as const)
      expect(await send(fast, method, `/?body=${body}`, {})).toEqual(
        await send(ofExpress, method, `/?body=${body}`, {}),
      );
  });

  it.each(['201', '204', '205', '304', '404', '503'])('with the status %s', async (status) => {
    const headers = { 'X-Status': status };
    const answer = await send(fast, 'get', '/?body=object', headers);
    expect(answer).toEqual(await send(ofExpress, 'get', '/?body=object', headers));
    expect(answer.status).toBe(Number(status));
  });

  it('in chunks', async () => {
    const answer = await send(fast, 'get', '/?body=object&chunked=1', {});
    expect(answer).toEqual(await send(ofExpress, 'get', '/?body=object&chunked=1', {}));
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('with another media type', async () => {
    const path = '/?body=object&type=application/problem%2Bjson';
    const answer = await send(fast, 'get', path, {});
    expect(answer).toEqual(await send(ofExpress, 'get', path, {}));
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it.each([
    ['&etag=1', { 'If-None-Match': '"7"' }, 304],
    ['&etag=1', { 'If-None-Match': '"6"' }, 200],
    ['', { 'If-None-Match': '*' }, 304],
    ['&modified=1', { 'If-Modified-Since': 'Sat, 21 Nov 2026 09:00:00 GMT' }, 304],
    ['&modified=1', { 'If-Modified-Since': 'Fri, 20 Nov 2026 09:00:00 GMT' }, 200],
  ])('with the condition %s %j', async (query, headers, status) => {
    const answer = await send(fast, 'get', `/?body=object${query}`, headers as Record<string, string>);
    expect(answer).toEqual(await send(ofExpress, 'get', `/?body=object${query}`, headers as Record<string, string>));
    expect(answer.status).toBe(status);
  });
});
