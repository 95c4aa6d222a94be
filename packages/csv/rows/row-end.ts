import { type Header, maxRowBytes } from './csv-row.ts';
import { splitQuotedRow } from './split-row.ts';

/** `broken` says why the row ends with its line in spite of its quotes. */
export type RowEnd = { readonly end: number; readonly broken?: string };

/**
 * Finds the end of a row with quotes; `undefined` if it has not arrived yet. If the quotes are malformed, or span several lines and the
 * number of cells differs from the header, the row ends with its line, so that a missing quote breaks only one row.
 * @param line from `start` to `end`; `isLast`: no more text follows
 */
export const findRowEnd = (
  text: string,
  { start, end: lineEnd, isLast }: { start: number; end: number; isLast: boolean },
  { delimiter, width }: Header,
): RowEnd | undefined => {
  const mayGrow = !isLast && text.length - start <= maxRowBytes;
  const split = splitQuotedRow(text, start, delimiter);
  if (split === 'malformed') return { end: lineEnd, broken: 'there is text after a closing quote' };
  if (split === 'open') return mayGrow ? undefined : { end: lineEnd, broken: 'a quote is opened and never closed' };
  // The quote that closes the last cell may be the first half of a doubled quote.
  if (split.end === text.length && mayGrow) return undefined;
  const isOneLine = split.end === lineEnd;
  const isWhole = split.cells.length === width && split.end - start <= maxRowBytes;
  if (isOneLine || isWhole) return split;
  return { end: lineEnd, broken: 'a quote is opened and not closed where it should be' };
};
