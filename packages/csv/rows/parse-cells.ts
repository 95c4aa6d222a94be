import { parse } from 'csv-parse/sync';

/**
 * Parses the cells of rows, and trims those without quotes. The rows are parsed together, because a call of csv-parse takes longer than a row.
 * @returns for each row its cells; undefined if csv-parse reads its quotes as more or less than this row
 */
export const parseCells = (rows: readonly string[], delimiter: string): (string[] | undefined)[] => {
  const together = parseTogether(rows, delimiter);
  return together ?? rows.map((row) => parseTogether([row], delimiter)?.[0]);
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
