import { type Header, maxRowBytes } from './csv-row.ts';
import { splitQuotedRow } from './split-row.ts';

/** `broken` says why the row ends with its line, although its quotes mean something else. */
export type RowEnd = { readonly end: number; readonly broken?: string };

/**
 * Where a row with quotes ends; `undefined` when its end has not come yet. Where the quotes do not fit, or swallow lines
 * and the cells are not as many as the header's, the row ends with its line: a forgotten quote costs one row.
 * @param line begins at `start`, and ends at `end`; `isLast`: no more text will come
 */
export const findRowEnd = (
  text: string,
  { start, end: lineEnd, isLast }: { start: number; end: number; isLast: boolean },
  { delimiter, width }: Header,
): RowEnd | undefined => {
  const mayGrow = !isLast && text.length - start <= maxRowBytes;
  const split = splitQuotedRow(text, start, delimiter);
  if (split === 'malformed') return { end: lineEnd, broken: 'text stands behind a closing quote' };
  if (split === 'open') return mayGrow ? undefined : { end: lineEnd, broken: 'a quote is opened and never closed' };
  // The quote that closes the last cell may be the first half of a doubled one.
  if (split.end === text.length && mayGrow) return undefined;
  const isOneLine = split.end === lineEnd;
  const isWhole = split.cells.length === width && split.end - start <= maxRowBytes;
  if (isOneLine || isWhole) return split;
  return { end: lineEnd, broken: 'a quote is opened and not closed where it should be' };
};
