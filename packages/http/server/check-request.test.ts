import express from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { hostList, loopbackOnly, originList } from '../access-rules.ts';
import { checkRequest, checkRequests } from './check-request.ts';

const access = {
  hosts: hostList.parse('crm, crm.example.org:8443,[fd00:0::5],public.example.org:443'),
  origins: originList.parse('https://console.example.org, http://localhost:5173'),
};
type Headers = Record<string, string | string[]>;
const rawHeaders = (headers: Headers) =>
  Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]));
const check = (headers: Headers, { method = 'POST', url = '/', rules = access } = {}) =>
  checkRequest({ method, url, rawHeaders: rawHeaders(headers) }, rules)?.code ?? 'passes';

describe('the Host of a request', () => {
  it.each([
    ['localhost', 'passes'],
    ['localhost:3005', 'passes'],
    ['LocalHost:3005', 'passes'],
    ['localhost.:3005', 'passes'],
    ['127.0.0.1', 'passes'],
    ['127.0.0.1:3005', 'passes'],
    ['127.0.0.1.', 'passes'],
    ['127.255.255.254:1', 'passes'],
    ['[::1]', 'passes'],
    ['[::1]:3005', 'passes'],
    ['[0:0:0:0:0:0:0:1]:3005', 'passes'],
    ['evil.example', 'host-not-allowed'],
    ['localhost.evil.com', 'host-not-allowed'],
    ['127.0.0.1.evil.com', 'host-not-allowed'],
    ['evil-localhost', 'host-not-allowed'],
    ['app.localhost', 'host-not-allowed'],
    ['127.0.0.256', 'host-not-allowed'],
    ['127.0.0.01', 'host-not-allowed'],
    ['127.1', 'host-not-allowed'],
    ['128.0.0.1', 'host-not-allowed'],
    ['2130706433', 'host-not-allowed'],
    ['0x7f000001', 'host-not-allowed'],
    ['0.0.0.0:3005', 'host-not-allowed'],
    ['[::]:3005', 'host-not-allowed'],
    ['[::2]', 'host-not-allowed'],
    ['[::ffff:8.8.8.8]', 'host-not-allowed'],
    ['192.168.1.5:3005', 'host-not-allowed'],
    ['xn--lcalhost-k4a', 'host-not-allowed'],
    ['', 'invalid-host'],
    [' ', 'invalid-host'],
    [':3005', 'invalid-host'],
    ['.', 'invalid-host'],
    ['localhost..', 'invalid-host'],
    ['localhost:', 'invalid-host'],
    ['localhost:http', 'invalid-host'],
    ['localhost:99999', 'invalid-host'],
    ['localhost:3005:3005', 'invalid-host'],
    ['localhost@evil.example', 'invalid-host'],
    ['evil.example@localhost', 'invalid-host'],
    ['user:secret@localhost:3005', 'invalid-host'],
    ['localhost/evil', 'invalid-host'],
    ['localhost\\@evil', 'invalid-host'],
    ['localhost?a', 'invalid-host'],
    ['localhost#a', 'invalid-host'],
    ['localhost, evil.example', 'invalid-host'],
    ['local host', 'invalid-host'],
    ['localhost%00', 'invalid-host'],
    ['lócalhost', 'invalid-host'],
    ['::1', 'invalid-host'],
    ['[::1', 'invalid-host'],
    ['[::1]evil.example', 'invalid-host'],
    ['[::1%25eth0]', 'invalid-host'],
    ['[:::1]', 'invalid-host'],
    ['a'.repeat(301), 'invalid-host'],
  ])('%j leads to %s if only loopback is allowed', (host, expected) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'])
      expect(check({ Host: host }, { method, rules: loopbackOnly })).toBe(expected);
  });

  it.each([
    ['crm', 'passes'],
    ['CRM.:3005', 'passes'],
    ['crm.example.org:8443', 'passes'],
    ['crm.example.org', 'host-not-allowed'],
    ['crm.example.org:8444', 'host-not-allowed'],
    ['public.example.org', 'passes'],
    ['public.example.org:443', 'passes'],
    ['public.example.org:80', 'host-not-allowed'],
    ['[fd00::5]:3005', 'passes'],
    ['[fd00::6]:3005', 'host-not-allowed'],
    ['crm.evil.example', 'host-not-allowed'],
    ['localhost:3005', 'passes'],
  ])('%j leads to %s with names in ALLOWED_HOSTS', (host, expected) => expect(check({ Host: host })).toBe(expected));

  it('must be one header, in any case', () => {
    expect(check({})).toBe('invalid-host');
    expect(check({ hOsT: 'localhost' })).toBe('passes');
    expect(check({ Host: ['localhost', 'evil.example'] })).toBe('invalid-host');
    expect(check({ Host: ['localhost', 'localhost'] })).toBe('invalid-host');
    expect(check({ host: 'localhost', HOST: 'evil.example' })).toBe('invalid-host');
    expect(check({ 'X-Forwarded-Host': 'localhost', Host: 'evil.example' })).toBe('host-not-allowed');
  });

  it.each([
    ['http://localhost:3005/customers', 'passes'],
    ['HTTP://LOCALHOST:3005', 'passes'],
    ['/http://evil.example/', 'passes'],
    ['//evil.example/', 'passes'],
    ['*', 'passes'],
    ['http://evil.example/', 'invalid-host'],
    ['http://localhost/', 'invalid-host'],
    ['http://localhost:3006/', 'invalid-host'],
    ['http://evil@localhost:3005/', 'invalid-host'],
    ['http://localhost:3005@evil.example/', 'invalid-host'],
    ['http:///customers', 'invalid-host'],
  ])('must match the request target %s: %s', (url, expected) =>
    expect(check({ Host: 'localhost:3005' }, { url })).toBe(expected));
});

describe('the origin of a change', () => {
  it.each<[Headers, string]>([
    [{}, 'passes'],
    [{ Origin: 'http://localhost:3005' }, 'passes'],
    [{ Origin: 'https://localhost:3005' }, 'passes'],
    [{ Origin: 'http://localhost:3005', 'Sec-Fetch-Site': 'same-origin' }, 'passes'],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 'passes'],
    [{ 'Sec-Fetch-Site': 'none' }, 'passes'],
    [{ Origin: 'http://localhost:5173', 'Sec-Fetch-Site': 'same-site' }, 'passes'],
    [{ Origin: 'https://console.example.org', 'Sec-Fetch-Site': 'cross-site' }, 'passes'],
    [{ Origin: 'http://localhost:3006' }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost' }, 'origin-not-allowed'],
    [{ Origin: 'http://127.0.0.1:3005' }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost:3006', 'Sec-Fetch-Site': 'same-site' }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost:3006', 'Sec-Fetch-Site': 'same-origin' }, 'origin-not-allowed'],
    [{ Origin: 'https://evil.example' }, 'origin-not-allowed'],
    [{ Origin: 'http://console.example.org' }, 'origin-not-allowed'],
    [{ Origin: 'https://console.example.org.evil.example' }, 'origin-not-allowed'],
    [{ Origin: 'null' }, 'origin-not-allowed'],
    [{ Origin: '' }, 'origin-not-allowed'],
    [{ Origin: 'localhost:3005' }, 'origin-not-allowed'],
    [{ Origin: 'chrome-extension://localhost:3005' }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost:3005/path' }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost:3005 http://evil.example' }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost:3005, http://evil.example' }, 'origin-not-allowed'],
    [{ Origin: ['http://localhost:3005', 'http://localhost:3005'] }, 'origin-not-allowed'],
    [{ Origin: ['https://console.example.org', 'https://evil.example'] }, 'origin-not-allowed'],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 'origin-not-allowed'],
    [{ 'Sec-Fetch-Site': 'same-site' }, 'origin-not-allowed'],
    [{ 'Sec-Fetch-Site': ['same-origin', 'cross-site'] }, 'origin-not-allowed'],
    [{ Origin: 'http://localhost:3005', 'sec-fetch-site': 'cross-site' }, 'origin-not-allowed'],
  ])('with the headers %j leads to %s', (headers, expected) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'])
      expect(check({ Host: 'localhost:3005', ...headers }, { method })).toBe(expected);
  });

  it('may omit the default port of its scheme, like Host', () => {
    expect(check({ Host: 'crm', Origin: 'https://crm' })).toBe('passes');
    expect(check({ Host: 'crm:443', Origin: 'https://crm' })).toBe('passes');
    expect(check({ Host: 'crm:443', Origin: 'http://crm' })).toBe('origin-not-allowed');
    expect(check({ Host: '[::1]', Origin: 'http://[::1]' })).toBe('passes');
  });

  it('is not checked for reads, because a page of another origin cannot read the response', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const foreign = { Host: 'localhost', Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
      expect(check(foreign, { method })).toBe('passes');
      expect(check({ Host: 'localhost', Origin: ['a', 'b'] }, { method })).toBe('origin-not-allowed');
    }
  });
});

describe('a refusal', () => {
  const refusal = (headers: Headers) =>
    checkRequest({ method: 'POST', url: '/', rawHeaders: rawHeaders(headers) }, access);

  it('has the header, the expected value and the variable to set', () => {
    expect(refusal({ Host: 'other:3005' })).toMatchObject({
      errors: [{ field: 'Host', expected: expect.stringContaining('ALLOWED_HOSTS'), got: 'other:3005' }],
      remedy: expect.stringContaining('ALLOWED_HOSTS=other'),
    });
    expect(refusal({ Host: 'localhost', Origin: 'https://evil.example' })).toMatchObject({
      message: expect.stringContaining('https://evil.example'),
      errors: [{ field: 'Origin', expected: expect.stringContaining('ALLOWED_ORIGINS') }],
      remedy: expect.stringContaining('ALLOWED_ORIGINS'),
    });
    expect(refusal({ Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' })).toMatchObject({
      errors: [{ field: 'Sec-Fetch-Site', expected: expect.stringContaining('ALLOWED_ORIGINS') }],
    });
    expect(refusal({})).toMatchObject({ errors: [{ field: 'Host', expected: expect.any(String) }] });
  });

  it('is logged fewer than ten times, even if a page repeats it', async () => {
    const lines: string[] = [];
    const app = express().use(checkRequests(loopbackOnly, pino({}, { write: (line) => void lines.push(line) })));
    for (const host of ['crm:3005', 'a b', ...Array(20).fill('evil.example')])
      await request(app).get('/').set('Host', host);
    expect(lines.map((line) => JSON.parse(line)).slice(0, 2)).toMatchObject([
      { level: 40, problem: 'host-not-allowed', remedy: expect.stringContaining('ALLOWED_HOSTS=crm') },
      { level: 40, problem: 'invalid-host' },
    ]);
    expect(lines.length).toBeLessThan(10);
  });
});
