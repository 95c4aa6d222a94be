import { type Kysely, sql } from 'kysely';
import { addColumnOnce, addIndexOnce } from '../../database/migrate-once.ts';
import { isMysql, runExclusively } from '../../database/run-exclusively.ts';
import { nameIndex, type ViewTable, type ViewTables } from './view-table.ts';

const maxKeyLength = 255;
const maxNameLength = 64;

/** Creates what is missing of the tables, columns and indexes; several processes may do so at the same time. */
export const createTables = (db: Kysely<never>, tables: ViewTables): Promise<void> => {
  for (const [view, table] of Object.entries(tables)) checkDeclaration(view, table);
  return runExclusively(db, async (alone) => {
    await createStateTables(alone);
    for (const [view, table] of Object.entries(tables)) await createViewTable(alone, view, table);
  });
};

const jsonType = (db: Kysely<never>) => (isMysql(db) ? sql`mediumtext` : 'text');

const createStateTables = async (db: Kysely<never>) => {
  await db.schema
    .createTable('viewState')
    .ifNotExists()
    .addColumn('key', `varchar(${maxKeyLength})`, (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('value', jsonType(db), (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('viewColumns')
    .ifNotExists()
    .addColumn('view', `varchar(${maxNameLength})`, (column) => column.primaryKey())
    .addColumn('columns', 'text', (column) => column.notNull())
    .addColumn('isFilled', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('pendingPurge')
    .ifNotExists()
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('requests', 'bigint', (column) => column.notNull())
    .execute();
};

const createViewTable = async (db: Kysely<never>, view: string, { columns, indexes }: ViewTable<never>) => {
  const create = db.schema
    .createTable(view)
    .ifNotExists()
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('key', `varchar(${maxKeyLength})`, (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('document', jsonType(db), (column) => column.notNull())
    .addColumn('deadLetters', 'integer', (column) => column.notNull())
    .addColumn('isErased', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint(`${view}_key`, ['generation', 'key']);
  await create.execute();
  for (const [column, { type }] of Object.entries(columns)) await addColumnOnce(db, view, column, type);
  for (const index of indexes) await addIndexOnce(db, view, ['generation', ...index], nameIndex(view, index));
};

const fixedColumns = ['generation', 'key', 'version', 'document', 'deadLetters', 'isErased'];

const checkDeclaration = (view: string, { columns, indexes }: ViewTable<never>): void => {
  if (!/^[a-z][a-z-]*$/.test(view))
    throw new Error(`${view} cannot be the name of a table: use lower case and hyphens`);
  for (const column of fixedColumns)
    if (Object.hasOwn(columns, column)) throw new Error(`every view has the column ${column}: ${view} declares it too`);
  for (const index of indexes) {
    const unknown = index.find((column) => !Object.hasOwn(columns, column) && !fixedColumns.includes(column));
    if (unknown !== undefined) throw new Error(`an index of ${view} names ${unknown}, which is not a column`);
    if (nameIndex(view, index).length > maxNameLength)
      throw new Error(`the index of ${view} on ${index.join(', ')} gets a name that is too long for MySQL`);
  }
};
