import { expect, it } from 'vitest';
import type { Deployment } from './deployment.ts';
import { formatFindings } from './examine.ts';
import { exitCodeOf, ok, problem, skipped, warning } from './finding.ts';
import { createCheck, runChecks } from './run-checks.ts';

const deployment = {} as Deployment;

it('a check that fails or never ends is skipped with the reason and what to type; the others are made', async () => {
  const checks = [
    createCheck(
      { name: 'good', remedy: 'x' },
      () => 1,
      (one) => [ok(`found ${one}`)],
    ),
    createCheck(
      { name: 'failing', remedy: 'try' },
      () => Promise.reject(new Error('no rights')),
      () => [],
    ),
    createCheck(
      { name: 'hanging', remedy: 'again' },
      () => new Promise<never>(() => {}),
      () => [],
    ),
  ];
  expect(await runChecks(checks, deployment, 20)).toEqual([
    { check: 'good', status: 'ok', message: 'found 1' },
    { check: 'failing', status: 'skipped', message: 'not checked: no rights', remedy: 'try' },
    { check: 'hanging', status: 'skipped', message: 'not checked: no result within 0.02 s', remedy: 'again' },
  ]);
});

it('the exit code: a problem, else a check that could not be made, else 0', () => {
  expect(exitCodeOf([ok('a'), warning('b', 'c'), skipped('does not apply')])).toBe(0);
  expect(exitCodeOf([ok('a'), skipped('nothing runs', 'npm start')])).toBe(2);
  expect(exitCodeOf([skipped('nothing runs', 'npm start'), problem('a', 'b')])).toBe(1);
});

it('prints a line per finding, the remedy below it, and the counts', () => {
  const findings = [
    { check: 'node', ...ok('Node 22') },
    { check: 'outbox', ...problem('two\n  lines', 'curl') },
    { check: 'outbox', ...problem('again', 'curl') },
  ];
  const lines = [
    'ok       node    Node 22',
    'problem  outbox  two lines',
    '                 do: curl',
    'problem  outbox  again',
  ];
  expect(formatFindings(findings, false)).toBe(
    [...lines, '                 do: curl', '', '1 ok, 2 problems.'].join('\n'),
  );
  expect(formatFindings(findings, true)).toContain('\u001b[31mproblem\u001b[39m');
});
