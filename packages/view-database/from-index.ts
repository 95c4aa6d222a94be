import { type Kysely, sql } from 'kysely';
import { isMysql } from '../database/run-exclusively.ts';
import { nameIndex } from './tables/view-table.ts';

/**
 * The table of a view for FROM, to be read through a declared index. Without it a database chooses an index by statistics, which do not
 * know that a list needs only the first rows of its order, and may read most of the table to find a few rows.
 */
export const fromIndex = <Row, View extends string>(db: Kysely<never>, view: View, columns: readonly string[]) => {
  const index = sql.id(nameIndex(view, columns));
  const hint = isMysql(db) ? sql`force index (${index})` : sql`indexed by ${index}`;
  return sql<Row>`${sql.table(view)}`.as<View>(sql`${sql.id(view)} ${hint}`);
};
