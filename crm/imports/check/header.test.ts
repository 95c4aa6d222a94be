import { describe, expect, it } from 'vitest';
import { columnChoices, fields, foldName, synonyms } from '../column-names.ts';
import { describeColumns, readHeader, restoreHeader, type UnusableHeader } from './header.ts';

const required = ['firstName', 'lastName', 'city', 'connectionId', 'connectionMandate'];
const fieldOf = (name: string) => readHeader([...required.filter((field) => field !== name), name]).fields.at(-1);
const choose = (...texts: string[]) => columnChoices.parse(texts);
const read = (columns: string[], ...texts: string[]) => describeColumns(readHeader(columns, choose(...texts)));
const catchError = (columns: string[], ...texts: string[]): UnusableHeader => {
  try {
    readHeader(columns, choose(...texts));
  } catch (error) {
    return error as UnusableHeader;
  }
  throw new Error('the header is accepted');
};

describe('the names of columns', () => {
  it.each([
    ['FIRSTNAME', 'firstName'],
    ['first name', 'firstName'],
    ['First_Name', 'firstName'],
    ['  first-name ', 'firstName'],
    ['first\nname', 'firstName'],
    ['="firstName"', 'firstName'],
    ['e-mail', 'email'],
    ['Customer ID', 'customerId'],
  ])('%j is the field %s', (name, field) => {
    const columns = [...required.filter((other) => other !== field), name];
    expect(readHeader(columns).fields.at(-1)).toBe(field);
  });

  it.each(
    fields.flatMap((field) => synonyms[field].map((name) => [name, field] as const)),
  )('%s is the field %s, also without case and accents', (name, field) => {
    const columns = required.filter((other) => other !== field);
    for (const spelling of [name, name.toUpperCase(), name.normalize('NFD')])
      expect(readHeader([...columns, spelling]).fields.at(-1)).toBe(field);
  });

  it('have no synonym for two fields, and none that is the name of a field', () => {
    const names = fields.flatMap((field) => [field, ...synonyms[field]]).map(foldName);
    expect(names).toEqual([...new Set(names)]);
  });

  it('win over synonyms', () => {
    const columns = ['town', ...required];
    expect(read(columns)).toEqual({ mapped: required.map((field) => ({ column: field, field })), ignored: ['town'] });
  });

  it('are ignored if they are unknown, and the reason of refused rows is not even named', () => {
    expect(read(['reason', ...required, 'note', '', 'note', '', '']).ignored).toEqual(['note', 'column 8', 'note']);
    expect(fieldOf('note')).toBeNull();
  });
});

describe('a choice of the caller', () => {
  it('wins over names and synonyms', () => {
    const columns = ['Ort', 'city', 'code', ...required.filter((field) => field !== 'city')];
    expect(read(columns, 'Ort=city', 'CODE=customer id').mapped).toContainEqual({ column: 'Ort', field: 'city' });
    expect(read(columns, 'Ort=city', 'CODE=customer id').mapped).toContainEqual({
      column: 'code',
      field: 'customerId',
    });
    expect(read(columns, 'Ort=city').ignored).toEqual(['city', 'code']);
  });

  it('may name a column that contains the character =', () =>
    expect(choose('a=b=email')).toEqual([{ column: 'a=b', field: 'email' }]));

  it.each([
    [['klantnummer'], 'COLUMN=FIELD, such as klantnummer=customerId'],
    [['klantnummer='], 'COLUMN=FIELD'],
    [['=city'], 'COLUMN=FIELD'],
    [[' =city'], 'COLUMN=FIELD'],
    [['a=town'], 'one of the fields customerId, firstName'],
    [['reason=city'], 'another name than reason'],
    [['a=city', 'b=City'], 'each field for one column only'],
    [['a=city', 'A =lastName'], 'each column for one field only'],
    [Array.from({ length: 9 }, (_, n) => `${n}=city`), 'at most 8 columns'],
  ])('%j is refused', (texts, reason) =>
    expect(columnChoices.safeParse(texts).error?.issues[0]?.message).toContain(reason));

  it('of a column that the header does not have is refused', () =>
    expect(catchError(required, 'nummer=customerId').message).toBe(
      `The header has no column nummer for customerId. It has ${required}.`,
    ));
});

describe('an unusable header', () => {
  it.each([
    ['the same name twice', [...required, 'City'], 'The header has the column city twice. It has city and City'],
    ['two synonyms', [...required, 'Telefon', 'telefoon'], 'phone twice. It has Telefon and telefoon'],
    ['a missing column', required.slice(1), 'The header lacks firstName. It has lastName,city'],
    ['a control character', [...required, 'a\u0007b'], 'The name of column 6 contains U+0007 CONTROL CHARACTER. It is'],
    [
      'an invisible character',
      [...required, 'no\u200bte'],
      'column 6 contains U+200B ZERO WIDTH SPACE. It is no<U+200B>te.',
    ],
    ['a name that is too long', [...required, 'x'.repeat(101)], 'column 6 has more than 100 characters'],
  ])('has %s', (_, columns, message) => expect(catchError(columns).message).toContain(message));

  it.each([
    [['1', 'John', 'Doe', 'Eindhoven', '8179', '2']],
    [['Eva', 'Vos', 'Delft', 'A1', '="1"', '']],
    [['Eva', 'Vos', 'Delft', 'A1', 'x', 'eva@example.org']],
  ])('%j is a row of data, which is not repeated', (cells) => {
    const { message } = catchError(cells);
    expect(message).toContain('The first line looks like a row: add a line with the names of the columns.');
    for (const name of ['Eva', 'John', 'Vos', 'Doe']) expect(message).not.toContain(name);
  });

  it.each([
    [['Eva', 'Vos', 'Delft']],
    [['Eva', 'Vos', 'Delft', 'town', 'woonplaats']],
    [[...required, 'Eva\u202e']],
  ])('%j has a message without its cells, for logs', (cells) => {
    const { message, problem } = catchError(cells);
    expect(message).toContain(cells.includes('Delft') && cells.length > 3 ? 'woonplaats' : 'Eva');
    for (const cell of ['Eva', 'Vos', 'Delft', 'woonplaats']) expect(problem).not.toContain(cell);
  });
});

it('a header with other names is answered with how to choose the columns', () =>
  expect(catchError(['prénom', 'nom', 'ville']).remedy).toContain('?column=NAME=FIELD'));

describe('the header of a job', () => {
  it('is restored from its columns and fields', () => {
    const { columns, fields: found } = readHeader(
      ['Ort', 'naam', ...required.slice(2), 'Vorname'],
      choose('naam=lastName', 'Ort=email'),
    );
    const stored = { columns: JSON.stringify(columns), columnFields: JSON.stringify(found) };
    expect(restoreHeader(stored)).toEqual({ columns, fields: found, indexes: expect.any(Map) });
    expect(restoreHeader(stored).indexes.get('lastName')).toBe(1);
  });

  it('of an earlier version has the columns with the names of fields only', () => {
    const columns = JSON.stringify(['City', 'Telefoon', 'no\u200bte', 'a']);
    expect(restoreHeader({ columns, columnFields: null }).fields).toEqual(['city', null, null, null]);
  });
});
