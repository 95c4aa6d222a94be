import type { Money } from './orders.ts';

const currencies = new Set(Intl.supportedValuesOf('currency'));
export const currencyCodes: readonly string[] = [...currencies];

/** How many digits a currency has after the decimal separator, for example 2 of EUR and 0 of JPY. Unknown currencies have 2. */
const digitsOf = (currency: string): number =>
  currencies.has(currency)
    ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2)
    : 2;

/**
 * Reads a price such as 19.99 or 19,99.
 * @returns the amount in minor units of the currency, or what is expected. A thousands separator is refused, because 1,999 could mean two amounts.
 */
export const parsePrice = (text: string, currency: string): number | { readonly expected: string } => {
  const digits = digitsOf(currency);
  const example = digits === 0 ? '1999' : `19.${'95000'.slice(0, digits)}`;
  const expected = `an amount such as ${example}, with at most ${digits} digits after the decimal separator and no thousands separator`;
  const [, whole, fraction = ''] = /^([0-9]+)(?:[.,]([0-9]+))?$/.exec(text.trim()) ?? [];
  if (whole === undefined || fraction.length > digits) return { expected };
  // Digits are joined as text: 19.99 * 100 is 1998.9999999999998.
  const amount = Number(whole + fraction.padEnd(digits, '0'));
  return Number.isSafeInteger(amount) ? amount : { expected: `an amount below ${Number.MAX_SAFE_INTEGER} minor units` };
};

/** An amount of minor units, a number or decimal digits of any length, in the locale of the browser or the given one. */
export const formatMoney = (amount: number | string, currency: string, locale?: string): string => {
  const digits = digitsOf(currency);
  const text = String(amount).padStart(digits + 1, '0');
  const decimal = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  if (!currencies.has(currency)) return `${decimal} ${currency}`;
  // A string is formatted exactly, also where a number would be rounded.
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(decimal as Intl.StringNumericLiteral);
};

export const showMoney = ({ amount, currency }: Money): string => formatMoney(amount, currency);
