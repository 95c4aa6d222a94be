import type { Encoding } from './encoding.ts';
import { joinHead } from './join-head.ts';
import { type CsvRow, createTooLongRow, type Header, maxRowBytes, parseRows, type RawRow } from './rows/csv-row.ts';
import { decodeRow } from './rows/decode-row.ts';
import { countLineEnds, createFinder, createLineFinder, findNextLine, type Line } from './rows/line.ts';
import { findRowEnd } from './rows/row-end.ts';
import { detectDelimiter } from './rows/scan-row.ts';
import { type ByteSource, countMarkBytes, markBytes, openBytes } from './text/byte-source.ts';

export type { CsvRow } from './rows/csv-row.ts';

/**
 * Streams CSV with one chunk and one row in memory; yields lists of up to `rowsPerList` rows. The header is the first row that is not blank:
 * it sets the delimiter and the number of cells. A row that cannot be parsed is `broken`, and parsing continues on the next line.
 * Blank rows are skipped.
 * @param declared the encoding of the file. Its byte order mark wins; without either, each row is UTF-8 or Windows-1252
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, declared?: Encoding): AsyncGenerator<CsvRow[]> {
  let state: State | undefined;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of joinHead(chunks, markBytes)) {
    state ??= { line: 1, header: undefined, isSkipping: false, source: openBytes(chunk, declared) };
    const bytes = state.source.convert(chunk);
    const data = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    const found = findRows(data, state, false);
    rest = data.subarray(found.end);
    yield* parseLists(found, state);
  }
  if (state)
    yield* parseLists(findRows(dropEndOfFile(Buffer.concat([rest, state.source.convert()])), state, true), state);
}

/** A caller that yields to the event loop between two lists is not blocked by a chunk of many short rows. */
const rowsPerList = 100;

function* parseLists({ header, rows }: Found, state: State): Generator<CsvRow[]> {
  if (header) yield [header];
  for (let at = 0; state.header && at < rows.length; at += rowsPerList) {
    const parsed = parseRows(rows.slice(at, at + rowsPerList), state.header.delimiter);
    yield parsed.filter((row) => !isBlank(row));
  }
}

type State = {
  line: number;
  header: Header | undefined;
  /** True inside a row that is too long, until its end. */
  isSkipping: boolean;
  readonly source: ByteSource;
};

const ctrlZ = 0x1a;
const fillBytes = [0, ctrlZ, ...Buffer.from(' \t\r\n')];

/** Drops the Ctrl-Z with which DOS ends a text, and what fills its last block. */
const dropEndOfFile = (data: Buffer): Buffer => {
  const fill = data.findLastIndex((byte) => !fillBytes.includes(byte)) + 1;
  const end = data.indexOf(ctrlZ, fill);
  return end < 0 ? data : data.subarray(0, end);
};

/** `text` is Latin-1, so an index in it is a byte offset in the data. */
type Scan = {
  readonly data: Buffer;
  readonly text: string;
  readonly isLast: boolean;
  readonly nextQuote: (from: number) => number;
};

/** The part that begins with a line: the start of the next part, and its row unless it is skipped. */
type Piece = { readonly next: number; readonly row?: RawRow };

/** The rows of a chunk, and the header if it is in this chunk; `end` is the number of bytes consumed. */
type Found = { readonly header: CsvRow | undefined; readonly rows: readonly RawRow[]; readonly end: number };

/** Finds the complete rows of the data, and all rows if it is the last data. */
const findRows = (data: Buffer, state: State, isLast: boolean): Found => {
  const text = data.toString('latin1');
  const scan: Scan = { data, text, isLast, nextQuote: createFinder(text, '"') };
  const findLine = createLineFinder(text, isLast);
  let header: CsvRow | undefined;
  const rows: RawRow[] = [];
  let at = 0;
  while (at < text.length) {
    const line = findLine(at);
    const isTooLong = line.end - line.start > maxRowBytes;
    const piece = isTooLong || state.isSkipping ? skipLine(text, line, state) : readPiece(scan, line, state);
    if (!piece) break;
    if (piece.row && state.header) rows.push(piece.row);
    else if (piece.row) header = readHeader(piece.row, state);
    state.line += piece.next === line.next ? 1 : countLineEnds(text.slice(at, piece.next));
    at = piece.next;
  }
  return { header, rows, end: at };
};

const isBlank = ({ cells }: CsvRow) => cells.every((cell) => cell.trim() === '');

/** Skips a line that is too long, or a further part of it, which was reported before. */
const skipLine = (text: string, { start, end, next }: Line, state: State): Piece | undefined => {
  // A CR at the end of the data stays there, because its LF may follow.
  if (end === start && next === undefined) return undefined;
  const isReported = state.isSkipping;
  state.isSkipping = next === undefined;
  const piece = { next: next ?? end };
  return isReported ? piece : { ...piece, row: createTooLongRow(state.line, Math.min(end, text.length) - start) };
};

/** @returns undefined until the end of the row has arrived */
const readPiece = (scan: Scan, line: Line, state: State): Piece | undefined => {
  const { data, text, isLast, nextQuote } = scan;
  if (line.next === undefined && !isLast) return undefined;
  const { encoding } = state.source;
  const start = line.start + countMarkBytes(text, line.start, encoding);
  const found =
    nextQuote(start) < line.end ? findRowEnd(text, { ...line, start, isLast }, headerOf(text, start, state)) : line;
  if (!found) return undefined;
  const next = findNextLine(text, found.end, isLast) ?? (isLast ? text.length : undefined);
  if (next === undefined) return undefined;
  if (text.slice(start, found.end).trim() === '') return { next };
  const decoded = decodeRow(data.subarray(start, found.end), encoding);
  const broken = decoded.broken ?? ('broken' in found ? found.broken : undefined) ?? findZero(decoded.text);
  const bytes = encoding?.startsWith('utf-16') ? 2 * (decoded.text.length + next - found.end) : next - line.start;
  return { next, row: { line: state.line, bytes, ...decoded, ...(broken !== undefined && { broken }) } };
};

const findZero = (text: string) => (text.includes('\0') ? 'the row has zero bytes, which no text has' : undefined);

/** While the header is read, what has arrived of it sets the delimiter. */
const headerOf = (text: string, start: number, { header }: State): Header =>
  header ?? { delimiter: detectDelimiter(text.slice(start, start + maxRowBytes)), width: undefined };

/** Spreadsheets may write the delimiter in a line before the header, and fill the line up when they save it again. */
const delimiterLine = /^"?sep\s*=\s*.?"?[,;|\s]*$/i;

/** @returns undefined if this row is not the header */
const readHeader = (row: RawRow, state: State): CsvRow | undefined => {
  const delimiter = detectDelimiter(row.text);
  const [header] = parseRows([row], delimiter);
  if (!header || isBlank(header) || delimiterLine.test(row.text)) return undefined;
  state.header = { delimiter, width: header.cells.length };
  return header;
};
