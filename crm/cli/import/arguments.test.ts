import { expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const file = 'data/registrations.csv';
/** A data folder in which no service is recorded. */
const env = { DATA_DIR: 'data' };

it('reads the file to import, its options and the CRM', () => {
  const defaults = { file, options: { dryRun: false, onConflict: 'skip' }, refusedFile: `${file}.refused.csv` };
  expect(readArguments([file], env)).toMatchObject({ ...defaults, crm: { url: 'http://localhost:3005' } });
  expect(readArguments([file, '--crm', 'https://crm.example/'], env)).toMatchObject({
    crm: { url: 'https://crm.example' },
  });
  expect(readArguments([file], { CRM_URL: 'http://localhost:4305' })).toMatchObject({
    crm: { url: 'http://localhost:4305' },
  });
  expect(readArguments([file, '--encoding', 'cp1250'], env)).toMatchObject({ options: { encoding: 'windows-1250' } });
  expect(readArguments([file, '--direct'], { CRM_URL: 'localhost' })).toEqual({ ...defaults, crm: undefined });
});

it('reads which fields the columns contain', () => {
  const columns = ['--column', 'klantcode=customerId', '--column', 'a=b=city'];
  expect(readArguments([file, ...columns], env)).toMatchObject({
    options: {
      columns: [
        { column: 'klantcode', field: 'customerId' },
        { column: 'a=b', field: 'city' },
      ],
    },
  });
});

it('reads the import to remove', () => {
  expect(readArguments(['--delete', 'id'], env)).toMatchObject({
    deleteImport: 'id',
    crm: { url: 'http://localhost:3005' },
  });
  expect(readArguments(['--delete', 'id', '--direct'], env)).toEqual({ deleteImport: 'id', crm: undefined });
});

it('returns undefined for --help and -h', () => {
  for (const help of ['--help', '-h']) expect(readArguments([help], env)).toBeUndefined();
});

it.each([
  [[], 'Name one file to import'],
  [['--delete', 'id', file], '--delete takes the id of an import and no file.'],
  [['nothing.csv'], 'There is no file nothing.csv.'],
  [['data'], 'data is a folder: name one CSV file in it.'],
  [[file, '--on-conflict', 'merge'], '--on-conflict must be one of skip, update, fail.'],
  [[file, '--encoding', 'klingon'], '--encoding klingon must be one of utf-8, utf-16le'],
  [[file, '--column', 'a=town'], '--column must be COLUMN=FIELD, such as klantnummer=customerId, with one of'],
  [[file, '--refused', `./${file}`], 'is the file to import: name another'],
  [[file, '--crm', 'localhost:4305'], '--crm localhost:4305 is not a URL: write the one of the CRM as http://'],
  [[file, '--crm', 'crm'], '--crm crm is not a URL'],
])('refuses %j and says what to do', (args, message) => expect(() => readArguments(args, env)).toThrow(message));
