import type { ColumnDefinitionBuilder, Expression, Kysely } from 'kysely';

/** Adds a column unless it exists, because a migration that was killed half-way runs again from its beginning. */
export const addColumnOnce = async (
  db: Kysely<never>,
  table: string,
  column: string,
  type: 'integer' | 'bigint' | `varchar(${number})` | Expression<unknown>,
  build: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder = (column) => column,
): Promise<void> => {
  const tables = await db.introspection.getTables();
  const exists = tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column);
  if (exists) return;
  // On MySQL another process may add it at the same time.
  const adding = db.schema.alterTable(table).addColumn(column, type, build).execute();
  await adding.catch((error: Error) => {
    if (!/duplicate column name|ER_DUP_FIELDNAME/i.test(error.message)) throw error;
  });
};

/** Adds an index unless it exists. MySQL has no `create index if not exists`. */
export const addIndexOnce = async (
  db: Kysely<never>,
  table: string,
  columns: string[],
  name = `${table}_by_${columns.join('_')}`,
): Promise<void> => {
  const adding = db.schema.createIndex(name).on(table).columns(columns).execute();
  await adding.catch((error: Error) => {
    if (!/already exists|duplicate key name/i.test(error.message)) throw error;
  });
};
