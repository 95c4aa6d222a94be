import { parse } from 'csv-parse/sync';

/**
 * Parses the cells of rows, and trims those without quotes. The rows are parsed together, because a call of csv-parse takes longer than a row.
 * @returns for each row its cells; undefined if csv-parse reads its quotes as more or less than this row
 */
export const parseCells = (rows: readonly string[], delimiter: string): (string[] | undefined)[] => {
  const trimmed = rows.map((row) => (hasBlankAtQuote.test(row) ? trimQuotedCells(row, delimiter) : row));
  const together = parseTogether(trimmed, delimiter);
  return together ?? trimmed.map((row) => parseTogether([row], delimiter)?.[0]);
};

/** Around quotes, csv-parse knows only the white space of ASCII. */
const hasBlankAtQuote = /[^\S \t\r\n][ \t]*"|"[ \t]*[^\S \t\r\n]/;

/** Removes the white space around the quotes of cells. Cells without quotes are matched to be left alone. */
const trimQuotedCells = (row: string, delimiter: string): string => {
  const cell = new RegExp(
    `(^|[${delimiter}])[^\\S${delimiter}]*("(?:[^"]|"")*")[^\\S${delimiter}]*(?=[${delimiter}]|$)|(?:^|[${delimiter}])[^${delimiter}]*`,
    'g',
  );
  return row.replace(cell, (all, before: string, quoted: string | undefined) =>
    quoted === undefined ? all : before + quoted,
  );
};

/** Each row gets its index as its last cell: if csv-parse finds rows elsewhere than we do, the index is missing. */
const parseTogether = (rows: readonly string[], delimiter: string): string[][] | undefined => {
  const text = rows.map((row, index) => `${row}${delimiter}${index}`).join('\n');
  const records = tryParse(text, delimiter);
  const isEachRowFound =
    records?.length === rows.length && records.every((cells, index) => cells.pop() === String(index));
  return isEachRowFound ? records : undefined;
};

const tryParse = (text: string, delimiter: string): string[][] | undefined => {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: '\n',
      trim: true,
      relax_quotes: true,
      relax_column_count: true,
    });
  } catch {
    return undefined;
  }
};
