import { z } from 'zod';
import type { CsvRow } from '../../../packages/csv/read-csv.ts';
import { shortenText } from '../../../packages/runtime/shorten-text.ts';
import { type CustomerData, customerDataSchema, externalCustomerIdSchema } from '../../customers/index.ts';
import { type Column, type Header, isOptional } from './header.ts';

/** A problem with one cell or, if `column` is null, with the whole row. */
export type Problem = { readonly column: string | null; readonly value: string; readonly reason: string };

/** A valid row. Fields whose columns the file lacks have their defaults in `data`. */
export type ImportRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly customerId: string | undefined;
  readonly data: CustomerData;
};

export type RefusedRow = Pick<ImportRow, 'line' | 'cells'> & { readonly problems: readonly Problem[] };

const rowSchema = z.object({ ...customerDataSchema.shape, customerId: externalCustomerIdSchema.optional() });

/** Validates a row by itself. Duplicates and conflicts with existing customers are detected elsewhere. */
export const checkRow = (row: CsvRow, header: Header): ImportRow | RefusedRow => {
  const { line, cells, broken } = row;
  if (broken !== undefined)
    return { line, cells, problems: [{ column: null, value: shorten(cells.join(',')), reason: broken }] };
  const extra = cells.slice(header.columns.length).find((cell) => cell !== '');
  if (extra !== undefined)
    return { line, cells, problems: [{ column: null, value: shorten(extra), reason: tooManyCells(row, header) }] };

  const damaged = [...header.indexes].filter(([, index]) => cells[index]?.includes('\ufffd'));
  if (damaged.length > 0)
    return { line, cells, problems: damaged.map(([column, index]) => lostCharacter(column, cells[index] ?? '')) };

  const filled: Partial<Record<Column, string>> = {};
  for (const [column, index] of header.indexes) {
    const cell = cells[index] ?? '';
    if (cell !== '' || !isOptional(column)) filled[column] = cell;
  }
  const { data: valid, error } = rowSchema.safeParse(filled);
  if (error) return { line, cells, problems: error.issues.map((issue) => toProblem(issue, row, header)) };
  const { customerId, ...data } = valid;
  return { line, cells, customerId, data };
};

export const isRefused = (row: ImportRow | RefusedRow): row is RefusedRow => 'problems' in row;

const toProblem = (issue: z.core.$ZodIssue, { cells }: CsvRow, { indexes, columns }: Header): Problem => {
  const column = issue.path[0] as Column;
  const index = indexes.get(column) as number;
  const value = shorten(cells[index] ?? '');
  return { column, value, reason: reasonOf(value, issue.message, index < cells.length ? undefined : columns.length) };

  function reasonOf(cell: string, expected: string, width: number | undefined): string {
    if (width !== undefined) return `required, but the row ends after ${cells.length} of ${width} cells`;
    if (cell === '') return `required: ${expected}`;
    if (roundedNumber.test(cell))
      return `a spreadsheet has rounded this number, and its digits are lost: ${roundedNumberAdvice}`;
    return expected;
  }
};

const lostCharacter = (column: Column, cell: string): Problem => ({
  column,
  value: shorten(cell),
  reason: 'the character at \ufffd was lost: type it again',
});

/** A number that a spreadsheet rounded, such as 8.7E+17 or 8,7E+17. */
const roundedNumber = /^[+-]?\d+([.,]\d+)?E[+-]?\d+$/i;
const roundedNumberAdvice = 'format the column as text before typing or loading it, and export the file again';

const tooManyCells = ({ cells }: CsvRow, { columns }: Header) =>
  `${cells.length} cells, but the header has ${columns.length}: put quotes around a cell that contains the delimiter`;

const shorten = (text: string): string => shortenText(text, 100);
