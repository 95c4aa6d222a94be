import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { noEvents } from '../../../tests/no-events.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { createHttpApp } from '../app.ts';
import { operation, type Routes, withTag } from '../operation.ts';
import type { TokenUse } from '../operator-token.ts';

const read = (summary: string, schemas: { path?: z.ZodObject; query?: z.ZodObject; token?: TokenUse } = {}) =>
  operation({
    ...schemas,
    summary,
    responses: { 200: { description: summary } },
    handle: (_, res) => res.json(summary),
  });

const tree = (meta: object = {}) => z.object({ tree: z.string().meta({ examples: ['a/b'], ...meta }) });
const routes: Routes = withTag('Trees & <bushes>', {
  '/': { get: read('Everything') },
  '/trees': { get: read('All <b>trees</b>'), post: read('Plant one') },
  '/trees/:tree': { get: read('One tree', { path: tree() }) },
  '/leaves': { get: read('Leaves', { query: tree() }) },
  '/roots': { get: read('Roots', { token: 'required' }) },
  '/birds': {
    get: operation({
      summary: 'Birds as they land',
      responses: { 200: { description: 'The stream.', mediaType: 'text/event-stream', example: 'data: 1' } },
      handle: (_, res) => res.end(),
    }),
  },
  '/bark': { get: read('Bark', { token: 'optional' }) },
  '/planted/:tree': { get: read('A planted tree', { path: tree({ isKnownLater: true }) }) },
});
const api = { title: 'Trees "1"', description: 'Of <the> forest.', events: noEvents };
const open = (served: Routes = routes) => request(createHttpApp(served, { ...createTestRuntime(), api }));
const accept = (type: string, path = '/') => open().get(path).set('Accept', type);

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('the page at /', () => {
  it.each([
    browser,
    'text/html',
    'text/*',
    'application/json;q=0.8, text/html;q=0.9',
    'TEXT/HTML',
  ])('is shown to a client that prefers HTML: %s', async (type) => {
    const { headers } = await accept(type).expect(200).expect('Content-Type', 'text/html; charset=utf-8');
    expect(headers.vary).toBe('Accept');
  });

  it.each([
    ...['*/*', 'application/json', 'application/*', 'application/json, text/html', 'application/json, text/plain, */*'],
    ...['text/html;q=0.5, application/json', 'text/html;q=0, */*', 'text/html;q=x', 'text/plain', '', 'html'],
  ])('is not shown to a client that accepts %j', async (type) => {
    const { headers } = await accept(type).expect(200, '"Everything"');
    expect(headers.vary).toBe('Accept');
  });

  it('is not shown without Accept, nor with a query, nor for another method', async () => {
    await open().get('/').expect(200, '"Everything"');
    const { headers } = await accept(browser, '/?all=1').expect(200, '"Everything"');
    expect(headers.vary).toBeUndefined();
    await open().post('/').set('Accept', browser).expect(405);
  });

  it('is also shown where / is not a route, and other clients get 404', async () => {
    const { '/': _, ...others } = routes;
    await open(others).get('/').set('Accept', browser).expect(200).expect('Content-Type', /html/);
    await open(others).get('/').expect(404).expect('Vary', 'Accept');
  });

  it('has the same headers for HEAD, and no body', async () => {
    const { headers } = await accept(browser);
    const head = await open().head('/').set('Accept', browser).expect(200);
    expect(head.text).toBeUndefined();
    const ignored = { date: expect.any(String) };
    expect(head.headers).toEqual({ ...headers, ...ignored });
  });

  it('links the operations that need no token and no parameter, or only known ones', async () => {
    const { text } = await accept(browser);
    const links = [...text.matchAll(/<a href="([^"]+)"/g)].map(([, url]) => url);
    const described = ['/openapi.json', '/asyncapi.json', '/docs', '/docs/events'];
    expect(links).toEqual(['/docs', '/trees', '/trees/a%2Fb', '/leaves?tree=a%2Fb', '/bark', ...described]);
    for (const link of links) await open().get(String(link)).expect(200);
  });

  it('escapes all text', async () => {
    const { text } = await accept(browser);
    expect(text).toContain('<title>Trees &quot;1&quot;</title>');
    expect(text).toContain('Of &lt;the&gt; forest.');
    expect(text).toContain('<h2>Trees &amp; &lt;bushes&gt;</h2>');
    expect(text).toContain('All &lt;b&gt;trees&lt;/b&gt;');
  });

  it('allows only its own style and icon', async () => {
    const { headers, text } = await accept(browser);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-\S+'; img-src 'self'; base-uri 'none'; /,
    );
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toMatch(/<script|style=|https?:/);
    expect(text).toContain('color-scheme: light dark');
  });

  it('is refused under a foreign host name', async () => {
    await accept(browser).set('Host', 'evil.example').expect(421);
  });
});
