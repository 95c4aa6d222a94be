import { pino } from 'pino';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { DomainError } from '../runtime/domain-error.ts';
import { createHttpApp } from './app.ts';
import { operation } from './operation.ts';

const api = { title: 'Things', description: 'A service of this test.', events: {} };

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
