import { expect, it } from 'vitest';
import { NotDurable } from '../projections/event-bus.ts';
import { createLog } from './log.ts';

const logError = (error: Error) => {
  const lines: { err: Record<string, string> }[] = [];
  createLog('info', { write: (line) => lines.push(JSON.parse(line)) }).warn({ err: error }, 'failed');
  return lines[0]?.err;
};

it('logs an expected error with its message only', () =>
  expect(logError(new NotDurable(['1'], 'things: the broker is unavailable'))).toEqual({
    type: 'NotDurable',
    message: 'things: the broker is unavailable',
  }));

it('logs an unexpected error with stack and cause', () => {
  const err = logError(new Error('outer', { cause: new TypeError('inner') }));
  expect(err).toMatchObject({ type: 'Error', stack: expect.stringContaining('log.test.ts') });
  expect(err?.stack).toContain('inner');
});
