import type { ColumnDefinitionBuilder, Kysely } from 'kysely';

/** Adds a column unless it is there: a migration that was killed half-way is run again from its beginning. */
export const addColumnOnce = async (
  db: Kysely<never>,
  table: string,
  column: string,
  type: 'integer' | 'bigint' | `varchar(${number})`,
  build: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder = (column) => column,
): Promise<void> => {
  const tables = await db.introspection.getTables();
  const there = tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column);
  if (!there) await db.schema.alterTable(table).addColumn(column, type, build).execute();
};
