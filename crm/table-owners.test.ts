import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CrmDatabase } from './database/index.ts';

type Table = keyof CrmDatabase;

/**
 * The slice that owns each table. Only files of that slice read or write the table; other slices call its functions. This
 * test finds violations by searching the source code for table names in queries.
 */
const ownerOf: Record<Table, string> = {
  customer: 'customers',
  formerCustomer: 'customers',
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
  orderEvent: 'orders',
  orderSnapshot: 'orders',
  orderCommand: 'orders',
  customerOrder: 'orders',
};

/** The readiness check may read any table to find out whether the database answers. */
const allowedAccess = ['database/check-database.ts uses connection'];

/** The table in a query such as `selectFrom('customer')`, `leftJoin('customer as holder', …)` or `insertRows(trx, 'customer', …)`. */
const queriedTable =
  /\b(?:selectFrom|insertInto|updateTable|deleteFrom|replaceInto|mergeInto|(?:inner|left)Join|insertRows\(\s*\w+,)[(\s]\s*'(\w+)/g;
/** The list of tables in a loop such as `for (const table of ['customer', 'mandateChange'])`. */
const loopedTables = /\bfor \(const table of \[([^\]]+)\]/g;

const isTable = (name: string): name is Table => name in ownerOf;

/** Finds the tables that a source text uses in its queries. */
const findTables = (source: string): Table[] => {
  const queried = [...source.matchAll(queriedTable)].map(([, table]) => String(table));
  const looped = [...source.matchAll(loopedTables)].flatMap(([, names]) => String(names).match(/\w+/g) ?? []);
  return [...queried, ...looped].filter(isTable);
};

const sourceFiles = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('database/migrations'),
);
const accesses = sourceFiles.flatMap((file) =>
  findTables(readFileSync(join(import.meta.dirname, file), 'utf8')).map((table) => ({ file, table })),
);

it('only the owning slice reads or writes a table', () => {
  const foreign = accesses.filter(({ file, table }) => !file.startsWith(`${ownerOf[table]}/`));
  expect(foreign.map(({ file, table }) => `${file} uses ${table}`)).toEqual(allowedAccess);
});

it('the search finds at least one query on every table', () => {
  const found = new Set(accesses.map(({ table }) => table));
  expect([...found].sort()).toEqual(Object.keys(ownerOf).sort());
});

it.each([
  ["trx.insertInto('customer').values(row)", ['customer']],
  ["db\n  .deleteFrom(\n    'outbox',\n  )", ['outbox']],
  ["selectFrom('mandateChange as later')", ['mandateChange']],
  [".leftJoin('connection', 'connection.x', 'y')", ['connection']],
  ["for (const table of ['customer', 'erasedCustomer'] as const)", ['customer', 'erasedCustomer']],
])('the search finds the tables in %j', (source, tables) => expect(findTables(source)).toEqual(tables));
