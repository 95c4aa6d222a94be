import type { Encoding } from '../encoding.ts';
import { parseCells } from './parse-cells.ts';

/** `line` is the first line of the row, counted from 1. `broken` says why its cells are unreliable; undecodable bytes are U+FFFD. */
export type CsvRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly encoding: Encoding;
  /** Its length in the file, in bytes. */
  readonly bytes: number;
  readonly broken?: string;
  /** Why its letters beyond ASCII are probably other ones. */
  readonly doubt?: string;
};

/** A row whose cells are not parsed yet. */
export type RawRow = Omit<CsvRow, 'cells'> & { readonly text: string };

export const maxRowBytes = 64 * 1024;

/** `width`: the number of cells that a row should have; undefined for the header itself. */
export type Header = { readonly delimiter: string; readonly width: number | undefined };

/** Parses the cells of rows. A broken row is split at its delimiters, without regard to quotes. */
export const parseRows = (rows: readonly RawRow[], delimiter: string): CsvRow[] => {
  const parsed = parseCells(
    rows.filter(({ broken }) => broken === undefined).map(({ text }) => text),
    delimiter,
  );
  let next = 0;
  return rows.map(({ text, ...row }) => {
    const cells = row.broken === undefined ? parsed[next++] : undefined;
    if (cells) return { ...row, cells };
    const plainCells = text.split(delimiter).map((cell) => cell.trim());
    return { ...row, cells: plainCells, broken: row.broken ?? 'its quotes cannot be read' };
  });
};

export const createTooLongRow = (line: number, bytes: number): RawRow => ({
  line,
  bytes,
  text: '…',
  encoding: 'utf-8',
  broken: `longer than ${maxRowBytes} bytes`,
});
