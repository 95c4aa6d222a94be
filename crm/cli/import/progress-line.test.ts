import { expect, it } from 'vitest';
import { progressLine } from './progress-line.ts';

it('shows rows, rows a second and the time that remains', () =>
  expect(progressLine({ done: 50, total: 200, rows: 5_000, seconds: 10 })).toMatch(
    /^█{8}░{22} 25 % {2}5,000 rows {2}500 rows\/s {2}30 s left$/,
  ));

it('knows nothing of the time before anything is done', () =>
  expect(progressLine({ done: 0, total: 0, rows: 0, seconds: 0 })).toMatch(/ 0 % {2}0 rows {2}0 rows\/s {2}– left$/));
