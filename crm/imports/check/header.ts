import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { type CustomerData, customerFieldNames } from '../../customers/index.ts';

/** The header of a file: which cell has which field of a customer. */
export type Header = {
  /** The columns as named in the file. */
  readonly columns: readonly string[];
  readonly indexes: ReadonlyMap<Column, number>;
  readonly ignored: readonly string[];
};

export type Column = keyof CustomerData | 'customerId';

const optionalColumns: readonly Column[] = ['customerId', 'email', 'phone'];
const knownColumns: readonly Column[] = ['customerId', ...customerFieldNames];

/** The number of columns is limited, because every report stores the header and every request for a report reads it. */
export const maxColumns = 1_000;

/** The column that we add to the file of refused rows, and ignore when that file is imported. */
export const reasonColumn = 'reason';

export const isOptional = (column: Column): boolean => optionalColumns.includes(column);

/** Reads the column names, in any order and case, and ignores unknown columns. @throws DomainError unusable-file */
export const readHeader = (columns: readonly string[]): Header => {
  const indexes = new Map<Column, number>();
  const ignored: string[] = [];
  for (const [index, name] of columns.entries()) {
    const column = knownColumns.find((known) => known.toLowerCase() === name.toLowerCase());
    if (column && indexes.has(column)) throw unusableFile(`The header has the column ${column} twice.`);
    if (column) indexes.set(column, index);
    else if (name !== reasonColumn && name !== '') ignored.push(name);
  }
  const missing = knownColumns.filter((column) => !indexes.has(column) && !isOptional(column));
  if (missing.length > 0) throw unusableFile(`The header lacks ${missing.join(', ')}.${describeHeader(columns)}`);
  return { columns, indexes, ignored };
};

export const unusableFile = (detail: string) =>
  new DomainError('unusable-file', detail, {
    remedy: `send a CSV file in UTF-8 whose first line names its columns: ${knownColumns.join(',')}`,
  });

const describeHeader = (columns: readonly string[]): string => {
  const text = columns.join(',');
  if (/\0|^(\xff\xfe|\xfe\xff)/.test(text)) return ' The file looks like UTF-16: save it as "CSV UTF-8".';
  if (text.includes('\r')) return ' Its line ends are those of an old Macintosh (CR): save it as "CSV UTF-8".';
  return ` It has ${text.slice(0, 200)}.`;
};
