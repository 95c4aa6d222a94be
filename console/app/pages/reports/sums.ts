import type { Bar } from '../../parts/bar-chart.tsx';
import { formatMoney } from '../../services/money.ts';

export const dimensions = ['month', 'product', 'status'] as const;
export type Dimension = (typeof dimensions)[number];
export const measures = ['orders', 'quantity', 'total'] as const;
export type Measure = (typeof measures)[number];

export type OrderSums = Partial<Readonly<Record<Dimension, string>>> & {
  readonly currency: string;
  readonly orders: number;
  /** Decimal digits, because the sum may exceed a number. */
  readonly quantity: string;
  readonly total: string;
};

/** One chart for each currency, because amounts of different currencies cannot be compared. */
export const toCharts = (
  items: readonly OrderSums[],
  by: Dimension,
  measure: Measure,
): { readonly currency: string; readonly bars: readonly Bar[] }[] => {
  const currencies = [...new Set(items.map(({ currency }) => currency))];
  return currencies.map((currency) => ({
    currency,
    bars: items
      .filter((item) => item.currency === currency && item[by] !== undefined)
      .map((item) => toBar(item, by, measure)),
  }));
};

const toBar = (item: OrderSums, by: Dimension, measure: Measure): Bar => {
  const label = item[by] ?? '';
  return {
    label: by === 'month' ? formatMonth(label) : label,
    // The length of a bar may be rounded; its text is exact.
    value: Number(item[measure]),
    text: measure === 'total' ? formatMoney(item.total, item.currency) : BigInt(item[measure]).toLocaleString(),
  };
};

const monthFormat = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'long', timeZone: 'UTC' });

/** 2026-11 is November 2026. */
export const formatMonth = (month: string): string =>
  /^[0-9]{4}-(0[1-9]|1[0-2])$/.test(month) ? monthFormat.format(Date.parse(month)) : month;
