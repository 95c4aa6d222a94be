import { decodeRow, type Encoding } from './rows/decode-row.ts';
import { delimiterOf, splitQuotedRow } from './rows/split-row.ts';

/** `line` is where the row begins, from 1. `broken` says why its cells are not what was meant; bytes that cannot be told are U+FFFD in them. */
export type CsvRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly encoding: Encoding;
  /** How much of the file it takes. */
  readonly bytes: number;
  readonly broken?: string;
};

export const largestRowBytes = 64 * 1024;

/**
 * Reads CSV from bytes as they come, in the memory of one chunk and one row. The first row with anything in it, the header,
 * tells the delimiter and how many cells a row should have. A row that cannot be read is given as `broken` and stops no other: the
 * next one begins on the next line. Rows without anything in any cell are left out. Rows come in lists, one a chunk.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<CsvRow[]> {
  const state: State = { line: 1, header: undefined, skipping: false };
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
  header: { delimiter: string; width: number } | undefined;
  /** Within a row that is too long, whose end has not come yet. */
  skipping: boolean;
};

/** What a spreadsheet writes before the header of a file for itself alone. */
const namesDelimiter = /^"?sep=.?"?\s*$/i;

const byteOrderMark = Buffer.from('\uFEFF');

/** The complete rows of the data, all of them when it is the `last`; `end` is how many bytes they take. */
const readRows = (data: Buffer, state: State, last: boolean): { rows: CsvRow[]; end: number } => {
  // One character a byte: a place in the text is a place in the data.
  const text = data.toString('latin1');
  const nextQuote = seeker(text, '"');
  const rows: CsvRow[] = [];
  let at = state.line === 1 && state.header === undefined && data.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  while (at < text.length) {
    const lineFeed = text.indexOf('\n', at);
    const lineEnd = lineFeed < 0 ? text.length : lineFeed;
    const tooLong = lineEnd - at > largestRowBytes;
    if (lineFeed < 0 && !last && !tooLong && !state.skipping) break;

    let end = lineEnd;
    if (tooLong && !state.skipping) rows.push(tooLongRow(state.line, lineEnd - at));
    else if (!state.skipping) {
      const header = state.header ?? headerOf(data.subarray(at, lineEnd));
      const extent: Extent | undefined =
        nextQuote(at) < lineEnd ? quotedExtent(text, { at, lineEnd, last }, header) : { end };
      if (extent === undefined) break;
      end = extent.end;
      const row = readRow(data.subarray(at, end), state.line, header, extent.broken);
      if (row.cells.some((cell) => cell !== '') && (state.header || !namesDelimiter.test(text.slice(at, end)))) {
        state.header = header;
        rows.push(row);
      }
    }
    state.skipping = (tooLong || state.skipping) && lineFeed < 0;
    state.line += end === lineEnd ? Number(lineFeed >= 0) : text.slice(at, end + 1).split('\n').length - 1;
    at = end + 1;
  }
  return { rows, end: Math.min(at, text.length) };
};

type Extent = { end: number; broken?: string };

/**
 * How far a row with quotes reaches; `undefined` when its end has not come yet. Where the quotes do not fit, or swallow
 * lines and the cells are not as many as the header's, the row ends with its line: a forgotten quote costs one row.
 */
const quotedExtent = (
  text: string,
  { at, lineEnd, last }: { at: number; lineEnd: number; last: boolean },
  { delimiter, width }: NonNullable<State['header']>,
): Extent | undefined => {
  const split = splitQuotedRow(text, at, delimiter);
  const fits = text.length - at <= largestRowBytes;
  if (split === 'open')
    return last || !fits ? { end: lineEnd, broken: 'a quote is opened and never closed' } : undefined;
  if (split === 'malformed') return { end: lineEnd, broken: 'text stands behind a closing quote' };
  if (split.end === text.length && !last && fits) return undefined;
  if (split.end === lineEnd) return split;
  return split.cells.length === width && split.end - at <= largestRowBytes
    ? split
    : { end: lineEnd, broken: 'a quote is opened and not closed where it should be' };
};

const headerOf = (bytes: Buffer): NonNullable<State['header']> => {
  const text = decodeRow(bytes)?.text ?? '';
  const delimiter = delimiterOf(text);
  return { delimiter, width: cellsOf(text, delimiter).length };
};

const readRow = (bytes: Buffer, line: number, { delimiter }: { delimiter: string }, broken?: string): CsvRow => {
  const decoded = decodeRow(bytes);
  const text = decoded?.text ?? bytes.toString('utf8');
  const why = decoded ? broken : 'bytes of UTF-8 and of another encoding in one row';
  const cells = why === undefined ? cellsOf(text, delimiter) : plainCellsOf(text, delimiter);
  return {
    line,
    cells,
    bytes: bytes.length + 1,
    encoding: decoded?.encoding ?? 'utf-8',
    ...(why !== undefined && { broken: why }),
  };
};

const tooLongRow = (line: number, bytes: number): CsvRow => ({
  line,
  bytes,
  cells: ['…'],
  encoding: 'utf-8',
  broken: `longer than ${largestRowBytes} bytes`,
});

const cellsOf = (text: string, delimiter: string): string[] => {
  const split = text.includes('"') ? splitQuotedRow(text, 0, delimiter) : undefined;
  return typeof split === 'object' ? split.cells : plainCellsOf(text, delimiter);
};

const plainCellsOf = (text: string, delimiter: string): string[] => text.split(delimiter).map((cell) => cell.trim());

/** Finds the next place of a character from ever greater places on, without looking at a place twice. */
const seeker = (text: string, character: string) => {
  let found = -1;
  return (from: number): number => {
    if (found < from) found = text.indexOf(character, from);
    if (found < 0) found = Number.POSITIVE_INFINITY;
    return found;
  };
};
