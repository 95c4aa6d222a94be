import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLog } from '../../runtime/log.ts';
import { withOutageLog } from './log-outage.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const lost = { code: ExportResultCode.FAILED, error: new Error('Bad Request') };
const taken = { code: ExportResultCode.SUCCESS };

/** Exports one batch per result; a batch with the result undefined is never answered. */
const exportBatches = (results: readonly (ExportResult | undefined)[]) => {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  const left = [...results];
  const answers: ExportResult[] = [];
  const exporter = withOutageLog(
    {
      export: (_spans, done) => {
        const result = left.shift();
        if (result) done(result);
      },
      shutdown: async () => {},
    },
    { service: 'crm', url: 'http://collector:4318/v1/traces' },
    log,
  );
  for (const _ of results) exporter.export([], (result) => answers.push(result));
  return { lines, answers };
};

it('returns every result', () => expect(exportBatches([taken, lost, taken]).answers).toEqual([taken, lost, taken]));

it('logs nothing while the collector accepts spans', () => expect(exportBatches([taken, taken]).lines).toEqual([]));

it('logs one line for an outage', () =>
  expect(exportBatches([lost, lost, lost, lost]).lines).toMatchObject([
    { level: 40, collector: 'http://collector:4318/v1/traces', reason: 'Bad Request' },
  ]));

it('logs at most two lines per minute about a collector that fails repeatedly', () => {
  const { lines } = exportBatches([lost, taken, lost, taken, lost]);
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]?.msg).toContain('2 more');
});

it('logs that the collector did not answer a batch', () => {
  const { lines } = exportBatches([undefined, undefined]);
  vi.advanceTimersByTime(30_000);
  expect(lines).toMatchObject([{ reason: 'no answer within 30 s' }]);
});
