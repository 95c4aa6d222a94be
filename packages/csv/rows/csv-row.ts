import { decodeRow, type Encoding } from './decode-row.ts';
import { detectDelimiter, splitQuotedRow } from './split-row.ts';

/** `line` is the first line of the row, counted from 1. `broken` says why its cells are unreliable; undecodable bytes are U+FFFD. */
export type CsvRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly encoding: Encoding;
  /** Its length in the file, in bytes. */
  readonly bytes: number;
  readonly broken?: string;
};

export const maxRowBytes = 64 * 1024;

/** `width`: the number of cells that a row should have. */
export type Header = { readonly delimiter: string; readonly width: number };

export const parseHeader = (bytes: Buffer): Header => {
  const text = decodeRow(bytes)?.text ?? '';
  const delimiter = detectDelimiter(text);
  return { delimiter, width: splitCells(text, delimiter).length };
};

/** Parses the bytes of one row, without its line feed. @param broken why its quotes are ignored */
export const parseRow = (
  bytes: Buffer,
  line: number,
  { delimiter }: Pick<Header, 'delimiter'>,
  broken?: string,
): CsvRow => {
  const decoded = decodeRow(bytes);
  const text = decoded?.text ?? bytes.toString('utf8');
  const reason = decoded ? broken : 'the row mixes UTF-8 and another encoding';
  const cells = reason === undefined ? splitCells(text, delimiter) : splitPlainCells(text, delimiter);
  return {
    line,
    cells,
    bytes: bytes.length + 1,
    encoding: decoded?.encoding ?? 'utf-8',
    ...(reason !== undefined && { broken: reason }),
  };
};

export const createTooLongRow = (line: number, bytes: number): CsvRow => ({
  line,
  bytes,
  cells: ['…'],
  encoding: 'utf-8',
  broken: `longer than ${maxRowBytes} bytes`,
});

const splitCells = (text: string, delimiter: string): string[] => {
  const split = text.includes('"') ? splitQuotedRow(text, 0, delimiter) : undefined;
  return typeof split === 'object' ? split.cells : splitPlainCells(text, delimiter);
};

const splitPlainCells = (text: string, delimiter: string): string[] => text.split(delimiter).map((cell) => cell.trim());
