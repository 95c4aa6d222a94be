import { type CompiledQuery, type InsertType, type Kysely, sql } from 'kysely';
import { isMysql } from '../../packages/database/run-exclusively.ts';
import type { CrmDatabase } from './schema.ts';

/**
 * Creates the statement that inserts the `columns` of rows; none without rows. It writes the text itself, because Kysely creates an object and
 * a piece of text for each value, which took a fifth of the CPU time of an import.
 */
export const insertRows = <
  Table extends keyof CrmDatabase,
  Column extends keyof CrmDatabase[Table] & string,
  Row extends { readonly [C in Column]: InsertType<CrmDatabase[Table][C]> },
>(
  db: Kysely<CrmDatabase>,
  table: Table,
  columns: readonly Column[],
  rows: readonly Row[],
): CompiledQuery[] => {
  if (rows.length === 0) return [];
  const parameters: unknown[] = [];
  for (const row of rows) for (const column of columns) parameters.push(row[column]);
  const text = createInsertText(isMysql(db) ? '`' : '"', table, columns, rows.length);
  return [{ ...sql.raw(text).compile(db), parameters }];
};

const createInsertText = (quote: string, table: string, columns: readonly string[], rows: number): string => {
  const names = columns.map((column) => quote + column + quote).join(', ');
  const row = `(${columns.map(() => '?').join(', ')})`;
  return `insert into ${quote}${table}${quote} (${names}) values ${row}${`, ${row}`.repeat(rows - 1)}`;
};
