import { describe, expect, it } from 'vitest';
import { formatMoney, parsePrice } from './money.ts';

describe('a price', () => {
  it.each([
    ['19.99', 'EUR', 1999],
    ['19,9', 'EUR', 1990],
    [' 7 ', 'EUR', 700],
    ['0', 'EUR', 0],
    ['500', 'JPY', 500],
    ['1.234', 'KWD', 1234],
    ['90071992547409.91', 'EUR', Number.MAX_SAFE_INTEGER],
  ])('%s %s is %i minor units', (text, currency, amount) => expect(parsePrice(text, currency)).toBe(amount));

  it.each([
    ['1,999', 'EUR'],
    ['1.999,00', 'EUR'],
    ['19.999', 'EUR'],
    ['5.5', 'JPY'],
    ['-1', 'EUR'],
    ['1e3', 'EUR'],
    ['', 'EUR'],
    ['90071992547409.92', 'EUR'],
  ])('%s %s is refused', (text, currency) =>
    expect(parsePrice(text, currency)).toEqual({ expected: expect.stringMatching(/^an amount/) }));

  it('is shown exactly, also where a number would be rounded', () => {
    expect(formatMoney(1999, 'EUR', 'en')).toBe('€19.99');
    expect(formatMoney(5, 'EUR', 'en')).toBe('€0.05');
    expect(formatMoney(500, 'JPY', 'en')).toBe('¥500');
    expect(formatMoney('900719925474099100001', 'EUR', 'en')).toBe('€9,007,199,254,740,991,000.01');
    expect(formatMoney(100, 'abc')).toBe('1.00 abc');
  });
});
