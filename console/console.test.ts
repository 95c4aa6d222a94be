import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createHttpApp } from '../packages/http/app.ts';
import { noEvents } from '../tests/no-events.ts';
import { createTestRuntime } from '../tests/test-runtime.ts';
import { createConsole } from './console.ts';

const maxBytes = 150_000;
const urls = { iotPlatform: 'http://localhost:3008', customerView: 'https://view.example.org/base' };

const open = (locateServices = () => urls) => {
  const { routes, pages } = createConsole(locateServices);
  const api = { title: 'CRM', description: '', events: noEvents };
  return request(createHttpApp(routes, { ...createTestRuntime(), api, pages: { '/console': pages } }));
};

const listAssets = (html: string) =>
  [...html.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, path]) => String(path));

describe('the console', () => {
  it('is the same page for each of its paths', async () => {
    const http = open();
    const { text } = await http.get('/console').expect(200).expect('Content-Type', /html/);
    for (const path of ['/console/', '/console/customers/7', '/console/orders?status=pending'])
      expect((await http.get(path).expect(200)).text).toBe(text);
  });

  it('loads only its own scripts, and calls only the services', async () => {
    const { headers } = await open().get('/console');
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("connect-src 'self' http://localhost:3008 https://view.example.org");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(headers['cache-control']).toBe('no-cache');
  });

  it('names the services, escaped', async () => {
    const { text } = await open(() => ({ ...urls, iotPlatform: 'http://localhost:3008/"><script>' })).get('/console');
    expect(text).toContain('data-iot-platform="http://localhost:3008/&quot;&gt;&lt;script&gt;"');
    expect(text).toContain('data-customer-view="https://view.example.org/base"');
  });

  it('has assets of at most 150 kB that browsers keep', async () => {
    const http = open();
    const { text } = await http.get('/console');
    const paths = listAssets(text);
    expect(paths.map((path) => path.replace(/.*\./, ''))).toEqual(['css', 'js']);
    let bytes = 0;
    for (const path of paths) {
      const { headers, text: content } = await http.get(path).buffer(true).expect(200);
      expect(headers['cache-control']).toContain('immutable');
      expect(headers['content-type']).toMatch(path.endsWith('.js') ? /^text\/javascript/ : /^text\/css/);
      bytes += content.length;
      expect(gzipSync(content).length).toBeGreaterThan(100);
    }
    expect(bytes).toBeLessThanOrEqual(maxBytes);
  });

  it('refuses what is not a page', async () => {
    const http = open();
    for (const path of ['/console/assets/app.js', '/console/favicon.ico', '/console/assets/'])
      expect((await http.get(path).expect(404)).body.type).toBe('urn:problem:unknown-route');
    await http.post('/console').expect(405);
  });
});
