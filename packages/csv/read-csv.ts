import { type CsvRow, type Header, headerOf, largestRowBytes, readRow, tooLongRow } from './rows/csv-row.ts';
import { findRowEnd } from './rows/row-end.ts';

export type { CsvRow } from './rows/csv-row.ts';

/**
 * Reads CSV from bytes as they come, in the memory of one chunk and one row. The first row with anything in it, the header,
 * tells the delimiter and how many cells a row should have. A row that cannot be read is given as `broken` and stops no other: the
 * next one begins on the next line. Rows without anything in any cell are left out. Rows come in lists, one a chunk.
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
  /** Within a row that is too long, whose end has not come yet. */
  isSkipping: boolean;
};

/** `text` has one character a byte, so a place in it is a place in the data. */
type Scan = {
  readonly data: Buffer;
  readonly text: string;
  readonly isLast: boolean;
  readonly nextQuote: (from: number) => number;
};

/** From `start` to its line feed, or where that has not come to the end of the data. */
type Line = { readonly start: number; readonly end: number; readonly hasLineFeed: boolean };

/** What begins with a line: where it ends, and its row unless that is left out. */
type Piece = { readonly end: number; readonly row?: CsvRow };

/** The complete rows of the data, all of them when it is the last; `end` is how many bytes they take. */
const readRows = (data: Buffer, state: State, isLast: boolean): { rows: CsvRow[]; end: number } => {
  const text = data.toString('latin1');
  const scan: Scan = { data, text, isLast, nextQuote: seeker(text, '"') };
  const rows: CsvRow[] = [];
  let at = isStart(state) && data.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  while (at < text.length) {
    const line = lineFrom(text, at);
    const isTooLong = line.end - line.start > largestRowBytes;
    const piece = isTooLong || state.isSkipping ? skipLine(line, state) : readPiece(scan, line, state);
    if (!piece) break;
    if (piece.row) rows.push(piece.row);
    state.line += piece.end === line.end ? Number(line.hasLineFeed) : countLineFeeds(text.slice(at, piece.end + 1));
    at = piece.end + 1;
  }
  return { rows, end: Math.min(at, text.length) };
};

const byteOrderMark = Buffer.from('\uFEFF');

const isStart = ({ line, header }: State) => line === 1 && header === undefined;

const lineFrom = (text: string, start: number): Line => {
  const lineFeed = text.indexOf('\n', start);
  return { start, end: lineFeed < 0 ? text.length : lineFeed, hasLineFeed: lineFeed >= 0 };
};

const countLineFeeds = (text: string) => text.split('\n').length - 1;

/** A line that is too long, or a further part of one, which was reported before. */
const skipLine = ({ start, end, hasLineFeed }: Line, state: State): Piece => {
  const isReported = state.isSkipping;
  state.isSkipping = !hasLineFeed;
  return isReported ? { end } : { end, row: tooLongRow(state.line, end - start) };
};

/** What a spreadsheet writes before the header of a file for itself alone. */
const namesDelimiter = /^"?sep=.?"?\s*$/i;

/** @returns undefined until the end of the row has come */
const readPiece = ({ data, text, isLast, nextQuote }: Scan, line: Line, state: State): Piece | undefined => {
  if (!line.hasLineFeed && !isLast) return undefined;
  const { start } = line;
  const header = state.header ?? headerOf(data.subarray(start, line.end));
  const found =
    nextQuote(start) < line.end ? findRowEnd(text, { start, end: line.end, isLast }, header) : { end: line.end };
  if (!found) return undefined;
  const { end, broken } = found;
  const row = readRow(data.subarray(start, end), state.line, header, broken);
  const isBlank = row.cells.every((cell) => cell === '');
  if (isBlank || (!state.header && namesDelimiter.test(text.slice(start, end)))) return { end };
  state.header = header;
  return { end, row };
};

/** Finds the next place of a character from ever greater places on, without looking at a place twice. */
const seeker = (text: string, character: string) => {
  let found = -1;
  return (from: number): number => {
    if (found < from) found = text.indexOf(character, from);
    if (found < 0) found = Number.POSITIVE_INFINITY;
    return found;
  };
};
