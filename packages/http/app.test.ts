import type { Response } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { noEvents } from '../../tests/no-events.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { DomainError } from '../runtime/domain-error.ts';
import { createHttpApp } from './app.ts';
import { operation } from './operation.ts';
import { traceparentOf } from './trace.ts';

const api = { title: 'Things', description: 'A service of this test.', events: noEvents };

const createFailingApp = (error: Error) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) });
  const handle = () => {
    throw error;
  };
  const routes = { '/things': { get: operation({ summary: 'Things', responses: {}, handle }) } };
  const app = createHttpApp(routes, { ...createTestRuntime(), log, api, statuses: { 'store-unavailable': 503 } });
  return { http: request(app), lines };
};

describe('the log of a service', () => {
  it('has one line without a stack for a temporary failure', async () => {
    const cause = new TypeError('the sidecar on port 3908 does not answer');
    const { http, lines } = createFailingApp(
      new DomainError('store-unavailable', 'The store does not answer.', { cause }),
    );
    await http.get('/things').expect(503);
    expect(lines).toEqual([
      {
        level: 40,
        method: 'GET',
        traceId: expect.any(String),
        code: 'store-unavailable',
        reason: 'The store does not answer.',
        cause: 'the sidecar on port 3908 does not answer',
        msg: 'request not answered',
      },
    ]);
  });

  it('has the stack of an unexpected error', async () => {
    const { http, lines } = createFailingApp(new TypeError('a mistake'));
    await http.get('/things').expect(500);
    expect(lines).toMatchObject([{ level: 50, err: { stack: expect.stringContaining('app.test.ts') } }]);
  });

  it.each([
    [503, new DomainError('store-unavailable', 'The store does not answer.')],
    [500, new Error('a mistake')],
  ])('has fewer than ten lines for a hundred responses with status %s', async (status, error) => {
    const { http, lines } = createFailingApp(error);
    for (let n = 0; n < 100; n++) await http.get('/things').expect(status);
    expect(lines.length).toBeLessThan(10);
  });
});

describe('the trace of a request', () => {
  const createTracedApp = (level: string) => {
    const lines: Record<string, unknown>[] = [];
    const log = pino({ level, base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) });
    const handle = (_request: unknown, res: Response) =>
      res.json({ traceparents: [traceparentOf(res), traceparentOf(res)] });
    const routes = { '/things': { get: operation({ summary: 'Things', responses: {}, handle }) } };
    return { http: request(createHttpApp(routes, { ...createTestRuntime(), log, api })), lines };
  };

  it('is the one of the caller', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { body } = await createTracedApp('info').http.get('/things').set('traceparent', traceparent).expect(200);
    expect(body.traceparents).toEqual([traceparent, traceparent]);
  });

  it('is a new one per request, the same wherever it is used', async () => {
    const { http, lines } = createTracedApp('debug');
    const [one, other] = [await http.get('/things'), await http.get('/things')].map(({ body }) => body.traceparents);
    expect(one[1]).toBe(one[0]);
    expect(other[0]).not.toBe(one[0]);
    await eventually(() => expect(lines).toHaveLength(2));
    expect(lines).toMatchObject([
      { msg: 'request', method: 'GET', route: '/things', status: 200, traceId: one[0].slice(3, 35) },
      { traceId: other[0].slice(3, 35) },
    ]);
  });

  it('has no line in the log at the level info', async () => {
    const { http, lines } = createTracedApp('info');
    await http.get('/things').expect(200);
    expect(lines).toEqual([]);
  });
});
