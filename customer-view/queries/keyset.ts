import { type Expression, type SqlBool, sql } from 'kysely';
import type { Cursor } from './cursor.ts';

/** How a list is sorted. The columns together identify a row, so the order is total. */
type SortOrder = { readonly columns: readonly string[]; readonly isDescending: boolean };

/**
 * The condition for the rows after the cursor. The first column also gets a plain bound, because not every database finds an index
 * range in the alternatives.
 */
export const afterCursor = ({ columns, isDescending }: SortOrder, cursor: Cursor): Expression<SqlBool> => {
  const [strict, bound] = isDescending ? [sql`<`, sql`<=`] : [sql`>`, sql`>=`];
  const isAfter = (n: number): ReturnType<typeof sql<SqlBool>> => {
    const [column, value] = [sql.ref(columns[n] as string), cursor[n]];
    return n === columns.length - 1
      ? sql<SqlBool>`${column} ${strict} ${value}`
      : sql<SqlBool>`(${column} ${strict} ${value} or (${column} = ${value} and ${isAfter(n + 1)}))`;
  };
  return sql<SqlBool>`(${sql.ref(columns[0] as string)} ${bound} ${cursor[0]} and ${isAfter(0)})`;
};
