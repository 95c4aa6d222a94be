import { expect, it } from 'vitest';
import { parseTimeout } from './timeout.ts';

it.each([
  ['500m', 500],
  ['2S', 2_000],
  ['1M', 60_000],
  ['1H', 3_600_000],
  ['2000u', 2],
  ['99999999H', 2 ** 31 - 1],
  ['123456789m', undefined],
  ['5', undefined],
  ['-1S', undefined],
  ['', undefined],
  [undefined, undefined],
])('the timeout %s is %s ms', (header, ms) => expect(parseTimeout(header)).toBe(ms));
