import { findRefusedCharacter, revealCharacters } from '../../../contracts/refused-characters.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { shortenText } from '../../../packages/runtime/shorten-text.ts';
import { readText } from '../../customers/index.ts';
import { type ColumnChoice, type Field, fields, foldName, reasonColumn, synonyms } from '../column-names.ts';
import type { ImportJob } from '../import-job.ts';

/** The header of a file: which cell has which field of a customer. */
export type Header = {
  /** The columns as named in the file. */
  readonly columns: readonly string[];
  /** The field of each column; null for a column that is ignored. */
  readonly fields: readonly (Field | null)[];
  readonly indexes: ReadonlyMap<Field, number>;
};

const optionalFields: readonly Field[] = ['customerId', 'email', 'phone'];
export const isOptional = (field: Field): boolean => optionalFields.includes(field);

/** The number of columns is limited, because every report stores the header and every request for a report reads it. */
export const maxColumns = 1_000;
const maxNameLength = 100;

/**
 * Reads the column names. The field of a column is the one that the caller has chosen, otherwise the one with its name, otherwise the
 * one with its synonym. Other columns are ignored.
 * @throws UnusableHeader
 */
export const readHeader = (cells: readonly string[], choices: readonly ColumnChoice[] = []): Header => {
  const columns = cells.map((cell) => readText(cell).replaceAll(/\s+/g, ' '));
  const found = findFields(columns, choices);
  const missing = fields.filter((field) => !found.includes(field) && !isOptional(field));
  if (missing.length > 0) throw describeMissing(missing, cells, found);
  for (const [index, name] of columns.entries()) checkName(name, index);
  return createHeader(columns, found);
};

/** The header that a job was created with. Jobs of an earlier version stored only the names, which were the names of the fields. */
export const restoreHeader = ({ columns, columnFields }: Pick<ImportJob, 'columns' | 'columnFields'>): Header => {
  const names = JSON.parse(columns) as string[];
  const earlier = (name: string) => fields.find((field) => field.toLowerCase() === name.toLowerCase()) ?? null;
  return createHeader(names, columnFields === null ? names.map(earlier) : JSON.parse(columnFields));
};

const createHeader = (columns: readonly string[], found: Header['fields']): Header => ({
  columns,
  fields: found,
  indexes: new Map(found.flatMap((field, index) => (field ? [[field, index]] : []))),
});

/** The columns that contain a field, and the names of the others. An empty name at the end of the header is not a column. */
export const describeColumns = ({ columns, fields: found }: Header) => {
  const end = columns.findLastIndex((name) => name !== '') + 1;
  const others = columns.slice(0, end).flatMap((name, index) => (found[index] ? [] : [name || `column ${index + 1}`]));
  return {
    mapped: columns.flatMap((column, index) => (found[index] ? [{ column, field: found[index] }] : [])),
    ignored: others.filter((name) => name !== reasonColumn),
  };
};

const findFields = (columns: readonly string[], choices: readonly ColumnChoice[]): (Field | null)[] => {
  const names = columns.map(foldName);
  const found: (Field | null)[] = columns.map(() => null);
  const indexesOf = (wanted: readonly string[]) => {
    const folded = wanted.map(foldName);
    return names.flatMap((name, index) => (found[index] === null && folded.includes(name) ? [index] : []));
  };
  const assign = (field: Field, [index, other]: number[]) => {
    if (index === undefined) return;
    if (other !== undefined) throw describeTwo(field, String(columns[index]), String(columns[other]));
    found[index] = field;
  };
  for (const { column, field } of choices) {
    const indexes = indexesOf([column]);
    if (indexes.length === 0)
      throw new UnusableHeader(`The header has no column ${showName(column)} for ${field}.`, listNames(columns));
    assign(field, indexes);
  }
  for (const field of fields.filter((known) => !found.includes(known))) {
    const named = indexesOf([field]);
    assign(field, named.length > 0 ? named : indexesOf(synonyms[field]));
  }
  return found;
};

/** The name is stored and shown with every report, so that it must be one line of visible text. */
const checkName = (name: string, index: number): void => {
  if (name.length > maxNameLength)
    throw new UnusableHeader(`The name of column ${index + 1} has more than ${maxNameLength} characters.`);
  // A lost character in the name of an ignored column does no harm.
  const character = name === '' ? undefined : findRefusedCharacter(name.replaceAll('\ufffd', '?'));
  if (character !== undefined)
    throw new UnusableHeader(`The name of column ${index + 1} contains ${character}.`, ` It is ${showName(name)}.`);
};

export const unusableFile = (detail: string) => new DomainError('unusable-file', detail, { remedy });

const remedy = `send a CSV file in UTF-8 whose first line names its columns: ${fields.join(',')}`;
const headerRemedy =
  `name the columns in the first line of the file: ${fields.join(',')}. ` +
  'For a column with another name, send --column NAME=FIELD or, over HTTP, ?column=NAME=FIELD';

/**
 * A header that cannot be used. A file without a header has the data of a person in its first line, so that only the caller may get its
 * cells: `problem` is the message without them, for logs.
 */
export class UnusableHeader extends DomainError {
  readonly problem: string;
  /** @param cells a sentence with cells of the header */
  constructor(problem: string, cells = '') {
    super('unusable-file', `${problem}${cells}`, { remedy: headerRemedy });
    this.problem = problem;
  }
}

const describeTwo = (field: Field, one: string, other: string) =>
  new UnusableHeader(
    `The header has the column ${field} twice.`,
    ` It has ${showName(one)} and ${showName(other)}: rename one, or choose the other as ${field}.`,
  );

const describeMissing = (missing: readonly Field[], cells: readonly string[], found: Header['fields']) => {
  const problem = `The header lacks ${missing.join(', ')}.`;
  const text = cells.join(',');
  if (/(\0[^\0]){3}|^(\xff\xfe|\xfe\xff)/.test(text))
    return new UnusableHeader(`${problem} The file looks like UTF-16: save it as "CSV UTF-8".`);
  if (found.every((field) => field === null) && cells.some(isData))
    return new UnusableHeader(`${problem} The first line looks like a row: add a line with the names of the columns.`);
  return new UnusableHeader(problem, listNames(cells));
};

const isData = (cell: string): boolean => /^[\d\s.,+-]*\d[\d\s.,+-]*$|@/.test(readText(cell));

const listNames = (cells: readonly string[]): string => ` It has ${showName(cells.join(','), 200)}.`;

const showName = (name: string, length = 50): string => revealCharacters(shortenText(name, length));
