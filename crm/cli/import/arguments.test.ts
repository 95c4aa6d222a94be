import { expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const file = 'data/registrations.csv';

it('reads the file to import, its options and the CRM', () => {
  const defaults = { file, options: { dryRun: false, onConflict: 'skip' }, refusedFile: `${file}.refused.csv` };
  expect(readArguments([file], {})).toEqual({ ...defaults, crm: 'http://localhost:3005' });
  expect(readArguments([file, '--crm', 'https://crm.example/'], {})).toMatchObject({ crm: 'https://crm.example' });
  expect(readArguments([file], { CRM_URL: 'http://localhost:4305' })).toMatchObject({ crm: 'http://localhost:4305' });
  expect(readArguments([file, '--direct'], { CRM_URL: 'localhost' })).toEqual({ ...defaults, crm: undefined });
});

it('reads which fields the columns contain', () => {
  const columns = ['--column', 'klantcode=customerId', '--column', 'a=b=city'];
  expect(readArguments([file, ...columns], {})).toMatchObject({
    options: {
      columns: [
        { column: 'klantcode', field: 'customerId' },
        { column: 'a=b', field: 'city' },
      ],
    },
  });
});

it('reads the import to remove', () => {
  expect(readArguments(['--delete', 'id'], {})).toEqual({ deleteImport: 'id', crm: 'http://localhost:3005' });
  expect(readArguments(['--delete', 'id', '--direct'], {})).toEqual({ deleteImport: 'id', crm: undefined });
});

it('returns undefined for --help and -h', () => {
  for (const help of ['--help', '-h']) expect(readArguments([help], {})).toBeUndefined();
});

it.each([
  [[], 'Name one file to import'],
  [['--delete', 'id', file], '--delete takes the id of an import and no file.'],
  [['nothing.csv'], 'There is no file nothing.csv.'],
  [['data'], 'data is a folder: name one CSV file in it.'],
  [[file, '--on-conflict', 'merge'], '--on-conflict must be one of skip, update, fail.'],
  [[file, '--column', 'a=town'], '--column must be COLUMN=FIELD, such as klantnummer=customerId, with one of'],
  [[file, '--refused', `./${file}`], 'is the file to import: name another'],
  [[file, '--crm', 'localhost:4305'], 'localhost:4305 is not the URL of a CRM: write it as http://'],
  [[file, '--crm', 'crm'], 'crm is not the URL of a CRM'],
])('refuses %j and says what to do', (args, message) => expect(() => readArguments(args, {})).toThrow(message));
