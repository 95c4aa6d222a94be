import { type Header, maxRowBytes } from './csv-row.ts';
import { type ScannedRow, scanRow } from './scan-row.ts';

/** `broken` says why the row ends with its line in spite of its quotes. */
export type RowEnd = { readonly end: number; readonly broken?: string };

/**
 * Finds the end of a row with quotes; `undefined` if it has not arrived yet. If the quotes are malformed, or span several lines that are
 * rows of their own, the row ends with its line, so that a missing quote breaks only one row.
 * @param line from `start` to `end`; `isLast`: no more text follows
 */
export const findRowEnd = (
  text: string,
  { start, end: lineEnd, isLast }: { start: number; end: number; isLast: boolean },
  { delimiter, width }: Header,
): RowEnd | undefined => {
  const mayGrow = !isLast && text.length - start <= maxRowBytes;
  const row = scanRow(text, start, delimiter);
  if (row === 'malformed') return { end: lineEnd, broken: 'there is text after a closing quote' };
  if (row === 'open') return mayGrow ? undefined : { end: lineEnd, broken: 'a quote is opened and never closed' };
  // The quote that closes the last cell may be the first half of a doubled quote.
  if (row.end === text.length && mayGrow) return undefined;
  const { end } = row;
  if (end === lineEnd || (end - start <= maxRowBytes && isOneRow(text.slice(start, end), row, delimiter, width)))
    return { end };
  return { end: lineEnd, broken: 'a quote is opened and not closed where it should be' };
};

/**
 * Whether a text of several lines is one row. With as many cells as the header it is one. Otherwise it may leave out empty cells at its
 * end or have more of them; but if its first and its last line alone look like rows of as many cells as all of it, a quote is missing.
 */
const isOneRow = (
  text: string,
  { cells, filled }: ScannedRow,
  delimiter: string,
  width: number | undefined,
): boolean => {
  if (width === undefined || cells === width) return true;
  const lines = text.split(/[\r\n]+/);
  const cellsOfRow = Math.max(filled, width / 2);
  const isRow = (line = '') => line.split(delimiter).findLastIndex((cell) => cell.trim() !== '') + 1 >= cellsOfRow;
  return filled <= width && !(isRow(lines[0]) && isRow(lines.at(-1)));
};
