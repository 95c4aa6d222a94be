import { type Kysely, sql } from 'kysely';
import { isMysql } from '../../database/run-exclusively.ts';

/** SQLite accepts 32,766 parameters in a statement. */
const maxParameters = 30_000;
const maxRows = 500;
/** In characters. MariaDB accepts packets of 16 MB by default, and escaping can double a text. */
const maxTextLength = 2_000_000;

type Row = Readonly<Record<string, unknown>>;
/** Any table, with rows of any shape. */
type AnySchema = { table: Row };

/** Inserts rows, all with the same columns, in a few statements. */
export const insertRows = async (db: Kysely<never>, table: string, rows: readonly Row[]): Promise<void> => {
  for (const chunk of splitRows(rows)) await insertInto(db, table).values(chunk).execute();
};

/** Inserts rows, all with the same columns, and replaces existing ones. `keys` are the columns of the primary key. */
export const replaceRows = async (
  db: Kysely<never>,
  table: string,
  rows: readonly Row[],
  keys: readonly string[],
): Promise<void> => {
  const columns = Object.keys(rows[0] ?? {}).filter((column) => !keys.includes(column));
  const newValue = (column: string) => (isMysql(db) ? sql`values(${sql.ref(column)})` : sql.ref(`excluded.${column}`));
  const update = Object.fromEntries(columns.map((column) => [column, newValue(column)]));
  for (const chunk of splitRows(rows)) {
    const insert = insertInto(db, table).values(chunk);
    await (isMysql(db)
      ? insert.onDuplicateKeyUpdate(update)
      : insert.onConflict((conflict) => conflict.columns([...keys]).doUpdateSet(update))
    ).execute();
  }
};

const insertInto = (db: Kysely<never>, table: string) =>
  (db as unknown as Kysely<AnySchema>).insertInto(table as 'table');

/** Splits rows so that no statement exceeds the limits of a database. */
function* splitRows(rows: readonly Row[]): Generator<Row[]> {
  const most = Math.min(maxRows, Math.floor(maxParameters / Object.keys(rows[0] ?? {}).length));
  let chunk: Row[] = [];
  let length = 0;
  for (const row of rows) {
    const rowLength = Object.values(row).reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 8),
      0,
    );
    if (chunk.length > 0 && (chunk.length === most || length + rowLength > maxTextLength)) {
      yield chunk;
      chunk = [];
      length = 0;
    }
    chunk.push(row);
    length += rowLength;
  }
  if (chunk.length > 0) yield chunk;
}
