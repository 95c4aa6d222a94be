import { type CsvRow, createTooLongRow, type Header, maxRowBytes, parseHeader, parseRow } from './rows/csv-row.ts';
import { findRowEnd } from './rows/row-end.ts';

export type { CsvRow } from './rows/csv-row.ts';

/**
 * Streams CSV with one chunk and one row in memory; yields one list of rows per chunk. The header is the first row that is not blank:
 * it sets the delimiter and the number of cells. A row that cannot be parsed is `broken`, and parsing continues on the next line.
 * Blank rows are skipped.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<CsvRow[]> {
  const state: State = { line: 1, header: undefined, isSkipping: false };
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const { rows, end } = readRows(data, state, false);
    rest = data.subarray(end);
    yield rows;
  }
  yield readRows(rest, state, true).rows;
}

type State = {
  line: number;
  header: Header | undefined;
  /** True inside a row that is too long, until its end. */
  isSkipping: boolean;
};

/** `text` is Latin-1, so an index in it is a byte offset in the data. */
type Scan = {
  readonly data: Buffer;
  readonly text: string;
  readonly isEndOfFile: boolean;
  readonly nextQuote: (from: number) => number;
};

/** From `start` to its line feed, or to the end of the data if the line feed has not arrived. */
type Line = { readonly start: number; readonly end: number; readonly hasLineFeed: boolean };

/** The part that begins with a line: its end, and its row unless it is skipped. */
type Piece = { readonly end: number; readonly row?: CsvRow };

/** Parses the complete rows of the data, and all rows if it is the last data; `end` is the number of bytes consumed. */
const readRows = (data: Buffer, state: State, isEndOfFile: boolean): { rows: CsvRow[]; end: number } => {
  const text = data.toString('latin1');
  const scan: Scan = { data, text, isEndOfFile, nextQuote: createFinder(text, '"') };
  const rows: CsvRow[] = [];
  let at = isStart(state) && data.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  while (at < text.length) {
    const line = findLine(text, at);
    const isTooLong = line.end - line.start > maxRowBytes;
    const result = isTooLong || state.isSkipping ? skipLine(line, state) : readPiece(scan, line, state);
    if (!result) break;
    if (result.row) rows.push(result.row);
    state.line += result.end === line.end ? Number(line.hasLineFeed) : countLineFeeds(text.slice(at, result.end + 1));
    at = result.end + 1;
  }
  return { rows, end: Math.min(at, text.length) };
};

const byteOrderMark = Buffer.from('\uFEFF');

const isStart = ({ line, header }: State) => line === 1 && header === undefined;

const findLine = (text: string, start: number): Line => {
  const lineFeed = text.indexOf('\n', start);
  return { start, end: lineFeed < 0 ? text.length : lineFeed, hasLineFeed: lineFeed >= 0 };
};

const countLineFeeds = (text: string) => text.split('\n').length - 1;

/** Skips a line that is too long, or a further part of it, which was reported before. */
const skipLine = ({ start, end, hasLineFeed }: Line, state: State): Piece => {
  const isReported = state.isSkipping;
  state.isSkipping = !hasLineFeed;
  return isReported ? { end } : { end, row: createTooLongRow(state.line, end - start) };
};

/** Spreadsheets may write the delimiter in a line before the header. */
const delimiterLine = /^"?sep=.?"?\s*$/i;

/** @returns undefined until the end of the row has arrived */
const readPiece = ({ data, text, isEndOfFile, nextQuote }: Scan, line: Line, state: State): Piece | undefined => {
  if (!line.hasLineFeed && !isEndOfFile) return undefined;
  const { start } = line;
  const header = state.header ?? parseHeader(data.subarray(start, line.end));
  const found =
    nextQuote(start) < line.end
      ? findRowEnd(text, { start, end: line.end, isLast: isEndOfFile }, header)
      : { end: line.end };
  if (!found) return undefined;
  const { end, broken } = found;
  const row = parseRow(data.subarray(start, end), state.line, header, broken);
  const isBlank = row.cells.every((cell) => cell === '');
  if (isBlank || (!state.header && delimiterLine.test(text.slice(start, end)))) return { end };
  state.header = header;
  return { end, row };
};

/** Creates a search for the next index of a character from ascending indexes, which scans the text once. */
const createFinder = (text: string, character: string) => {
  let found = -1;
  return (from: number): number => {
    if (found < from) found = text.indexOf(character, from);
    if (found < 0) found = Number.POSITIVE_INFINITY;
    return found;
  };
};
