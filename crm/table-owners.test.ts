import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CrmDatabase } from './database/index.ts';

/** Each table belongs to one slice: no other reads or writes it. What others need of it, the slice's functions offer. */
const owners: Record<keyof CrmDatabase, string> = {
  customer: 'customers',
  connection: 'customers',
  mandateChange: 'customers',
  erasedCustomer: 'customers',
  erasureJob: 'customers',
  importJob: 'imports',
  importedRow: 'imports',
  importedFile: 'imports',
  importReference: 'imports',
  outbox: 'outbox',
  relayLease: 'outbox',
  storedAnswer: 'idempotency',
};

/** `/readyz` asks whether the database answers, by any table. */
const exceptions = ['database/check-database.ts uses connection'];

const statements =
  /\b(?:selectFrom|insertInto|updateTable|deleteFrom|replaceInto|mergeInto|(?:inner|left)Join)\(\s*'(\w+)/g;
const lists = /\bfor \(const table of \[([^\]]+)\]/g;

/** Which tables a source names in its statements, also in a loop over tables. */
const tablesIn = (text: string): string[] => {
  const named = [...text.matchAll(statements)].map(([, table]) => String(table));
  const looped = [...text.matchAll(lists)].flatMap(([, names]) => String(names).match(/\w+/g) ?? []);
  return [...named, ...looped].filter((table) => table in owners);
};

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('database/migrations'))
  .map((file) => ({ file, tables: tablesIn(readFileSync(join(import.meta.dirname, file), 'utf8')) }));

it('no slice reads or writes the table of another', () => {
  const foreign = sources.flatMap(({ file, tables }) =>
    tables
      .filter((table) => !file.startsWith(`${owners[table as keyof CrmDatabase]}/`))
      .map((table) => `${file} uses ${table}`),
  );
  expect(foreign).toEqual(exceptions);
});

it('finds the statements on every table', () =>
  expect([...new Set(sources.flatMap(({ tables }) => tables))].sort()).toEqual(Object.keys(owners).sort()));

it.each([
  ["trx.insertInto('customer').values(row)", ['customer']],
  ["db\n  .deleteFrom(\n    'outbox',\n  )", ['outbox']],
  ["selectFrom('mandateChange as later')", ['mandateChange']],
  [".leftJoin('connection', 'connection.x', 'y')", ['connection']],
  ["for (const table of ['customer', 'erasedCustomer'] as const)", ['customer', 'erasedCustomer']],
])('sees the tables of %j', (text, tables) => expect(tablesIn(text)).toEqual(tables));
