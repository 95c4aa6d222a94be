import { expect, it } from 'vitest';
import { formatMoney } from '../../services/money.ts';
import { formatMonth, toCharts } from './sums.ts';

const sums = (product: string, currency: string, total: string) => ({
  product,
  currency,
  orders: 2,
  quantity: '5',
  total,
});

it('shows amounts of each currency in a chart of its own, with exact sums', () => {
  const huge = '900719925474099100001';
  const charts = toCharts([sums('a', 'EUR', '100'), sums('a', 'JPY', '7'), sums('b', 'EUR', huge)], 'product', 'total');
  expect(charts.map(({ currency, bars }) => [currency, bars.map(({ label, text }) => [label, text])])).toEqual([
    [
      'EUR',
      [
        ['a', formatMoney('100', 'EUR')],
        ['b', formatMoney(huge, 'EUR')],
      ],
    ],
    ['JPY', [['a', formatMoney('7', 'JPY')]]],
  ]);
  expect(toCharts([sums('a', 'EUR', '100')], 'product', 'quantity')[0]?.bars).toEqual([
    { label: 'a', value: 5, text: '5' },
  ]);
  // An answer to an earlier choice has other groups.
  expect(toCharts([sums('a', 'EUR', '100')], 'status', 'orders')[0]?.bars).toEqual([]);
});

it('names a month, and shows anything else as it is', () => {
  expect(formatMonth('2026-11')).toContain('2026');
  expect(formatMonth('soon')).toBe('soon');
});
