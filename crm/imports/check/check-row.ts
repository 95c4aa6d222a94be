import type { z } from 'zod';
import type { CsvRow } from '../../../packages/csv/read-csv.ts';
import { shortenText } from '../../../packages/runtime/shorten-text.ts';
import {
  type CustomerData,
  customerDataSchema,
  customerFieldNames,
  externalCustomerIdSchema,
  readText,
} from '../../customers/index.ts';
import { type Field, reasonColumn } from '../column-names.ts';
import { type Header, isOptional } from './header.ts';

/** A problem with one cell or, if `column` is null, with the whole row. `column` is the name of the field. */
export type Problem = { readonly column: string | null; readonly value: string; readonly reason: string };

/** A valid row. Fields whose columns the file lacks have their defaults in `data`. */
export type ImportRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly customerId: string | undefined;
  readonly data: CustomerData;
  /**
   * Texts that are not valid, or probably decoded wrongly, and in `data` nevertheless: they are accepted only if the customer already has
   * them, because an earlier version stored them by other rules.
   */
  readonly doubtful: readonly DoubtfulText[];
  /** Why the row is probably decoded wrongly. */
  readonly doubt?: string | undefined;
};

type TextField = Exclude<keyof CustomerData, 'connectionId' | 'connectionMandate'>;
type DoubtfulText = Problem & { readonly column: TextField };

export type RefusedRow = Pick<ImportRow, 'line' | 'cells'> & { readonly problems: readonly Problem[] };

const schemas: Readonly<Record<Field, z.ZodType>> = {
  ...customerDataSchema.shape,
  customerId: externalCustomerIdSchema,
};

/** Validates a row by itself. Duplicates and conflicts with existing customers are detected elsewhere. */
export const checkRow = (row: CsvRow, header: Header): ImportRow | RefusedRow => {
  const { line, cells, broken, doubt } = row;
  const refuse = (...problems: Problem[]): RefusedRow => ({ line, cells, problems: addDoubt(row, problems) });
  if (broken !== undefined) return refuse({ column: null, value: shorten(cells.join(',')), reason: broken });
  const extra = cells.slice(header.columns.length).find((cell) => readText(cell) !== '');
  if (extra !== undefined) return refuse({ column: null, value: shorten(extra), reason: tooManyCells(row, header) });

  if (isHeader(row, header)) return refuse({ column: null, value: shorten(cells.join(',')), reason: headerAgain });

  if (isOneCell(row, header)) return refuse({ column: null, value: shorten(cells.join(',')), reason: oneCell });

  const values: Partial<Record<Field, unknown>> = { email: null, phone: null };
  const problems: Problem[] = [];
  for (const [field, index] of header.indexes) {
    const cell = readText(cells[index] ?? '');
    if (cell === '' && isOptional(field)) continue;
    const { success, data, error } = schemas[field].safeParse(cell);
    values[field] = success ? data : cell;
    if (!success) problems.push(describeProblem(field, row, header, String(error.issues[0]?.message)));
    else if (doubt !== undefined && textFields.includes(field) && /\P{ASCII}/u.test(cell))
      problems.push({ column: field, value: shorten(cell), reason: doubt });
  }
  const { customerId, ...data } = values as CustomerData & Pick<ImportRow, 'customerId'>;
  return problems.every(isDoubtful)
    ? { line, cells, customerId, data, doubtful: problems, doubt }
    : refuse(...problems);
};

/**
 * Adds to the problems of a refused row that it is probably decoded wrongly. That is a problem of the whole row, because its cells would be
 * accepted from the file of refused rows.
 */
export const addDoubt = (
  { cells, doubt }: Pick<ImportRow, 'cells' | 'doubt'>,
  problems: readonly Problem[],
): Problem[] =>
  doubt === undefined
    ? [...problems]
    : [
        { column: null, value: shorten(cells.join(',')), reason: doubt },
        ...problems.filter(({ reason }) => reason !== doubt),
      ];

export const isRefused = (row: ImportRow | RefusedRow): row is RefusedRow => 'problems' in row;

const textFields: readonly (string | null)[] = customerFieldNames.filter((field) => !field.startsWith('connection'));
const isDoubtful = (problem: Problem): problem is DoubtfulText =>
  textFields.includes(problem.column) && readText(problem.value) !== '';

const describeProblem = (field: Field, { cells }: CsvRow, { indexes, columns }: Header, expected: string): Problem => {
  const index = indexes.get(field) as number;
  const cell = readText(cells[index] ?? '');
  return { column: field, value: shorten(cells[index] ?? ''), reason: findReason() };

  function findReason(): string {
    if (index >= cells.length) return `required, but the row ends after ${cells.length} of ${columns.length} cells`;
    if (cell === '') return `required: ${expected}`;
    if (cell.includes('\ufffd')) return 'the character at \ufffd was lost: type it again';
    if (field !== 'connectionMandate' && roundedNumber.test(cell))
      return `a spreadsheet has rounded this number, and its digits are lost: ${roundedNumberAdvice}`;
    if (['connectionId', 'customerId'].includes(field) && formattedNumber.test(cell))
      return `a spreadsheet has formatted this number, and may have lost digits: ${roundedNumberAdvice}`;
    if (/^['=]/.test(cell)) return `${expected}; remove the ${cell.charAt(0)} that a spreadsheet puts before a value`;
    return expected;
  }
};

/** A number that a spreadsheet rounded, such as 8.7E+17 or 8,7E+17. */
const roundedNumber = /^[+-]?\d+([.,]\d+)?(\s?E|[×x*]10\^)[\s+-]?\d+$/i;
/** A number with decimals or with separators of thousands, such as 871.687.120.000.001.234 or 871687120000001234,00. */
const formattedNumber = /^[+-]?\d+([\s.,'’]\d+)+$/;
const roundedNumberAdvice = 'format the column as text before typing or loading it, and export the file again';

/** The value of a cell as it would be stored, if it is valid; empty if the row or the file does not have the cell. */
export const readCell = (
  { cells }: Pick<ImportRow, 'cells'>,
  { indexes }: Pick<Header, 'indexes'>,
  field: Field,
): string => readText(cells[indexes.get(field) ?? -1] ?? '');

/** Whether a spreadsheet may have rounded the number: it keeps 15 digits, and a longer number then ends in zeros. */
export const mayBeRounded = (connectionId: string): boolean => /^[1-9]\d{14}0{2,}$/.test(connectionId);

/** Where files were joined, the header of the second one is a row of the first. */
const isHeader = ({ cells }: CsvRow, { indexes, columns }: Header): boolean =>
  [...indexes.values()].every((index) => readText(cells[index] ?? '') === columns[index]);
const headerAgain = 'the header again: remove this line';

/** Spreadsheets may put quotes around a whole row; a second file may have another delimiter; a broken row is refused as one cell. */
const isOneCell = ({ cells }: CsvRow, { columns }: Header): boolean => {
  const values = cells.length > 2 ? [] : cells.filter((_, index) => columns[index] !== reasonColumn);
  return values.length === 1 && columns.length > 2 && /([,;|\t]).*\1/s.test(values.join());
};
const oneCell = 'the row is one cell: remove the quotes around it, or use the delimiter of the header';

const tooManyCells = ({ cells }: CsvRow, { columns }: Header) =>
  `${cells.length} cells, but the header has ${columns.length}: put quotes around a cell that contains the delimiter`;

const shorten = (text: string): string => shortenText(text, 100);
