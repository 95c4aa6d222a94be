import { listOpenMarks, splitMarks } from '../../projections/dead-letters/index.ts';

/** A column with a value of the document, for queries. `of` returns undefined where the document has no value; the column is then NULL. */
type ViewColumn<Document> =
  | { readonly type: 'integer' | 'bigint'; readonly of: (document: Document) => number | undefined }
  | { readonly type: `varchar(${number})`; readonly of: (document: Document) => string | undefined };

/**
 * The table of a view. Declare it with `satisfies ViewTable<Document>`, so that its rows are typed. A column whose type or meaning
 * changes needs a new name; the values of a new column are filled from the stored documents.
 */
export type ViewTable<Document> = {
  readonly columns: Readonly<Record<string, ViewColumn<Document>>>;
  /** Lists of columns. Each index begins with `generation`, which is not in the list. */
  readonly indexes: readonly (readonly string[])[];
  /** Whether the document has no personal data any more. Then the bytes of its earlier versions are purged from a SQLite file. */
  readonly isErased?: (document: Document) => boolean;
};

/** Every index begins with `generation`, so its name does not need that. */
export const nameIndex = (view: string, columns: readonly string[]): string => [view, 'by', ...columns].join('_');

/** Tables by the name of their view. */
export type ViewTables = Readonly<Record<string, ViewTable<never>>>;

/** The columns of every view. */
export type DocumentRow = {
  readonly generation: number;
  readonly key: string;
  /** The number of writes; the state store's ETag. */
  readonly version: number;
  /** The stored value as JSON. */
  readonly document: string;
  /** The number of open dead-letter marks of the document. If it is not 0, the document may be out of date. */
  readonly deadLetters: number;
  readonly isErased: 0 | 1;
};

/** The rows of a table: the columns of every view and the declared ones. */
type RowOf<Table extends ViewTable<never>> = DocumentRow & {
  readonly [Column in keyof Table['columns']]: Exclude<ReturnType<Table['columns'][Column]['of']>, undefined> | null;
};

/** The database schema for queries. */
export type RowsOf<Tables extends ViewTables> = { readonly [View in keyof Tables]: RowOf<Tables[View]> };

/** Creates the row of a stored value. The declared columns are NULL if the value consists of dead-letter marks alone. */
export const createRow = (
  { columns, isErased }: ViewTable<never>,
  place: Pick<DocumentRow, 'generation' | 'key' | 'version'>,
  value: unknown,
): DocumentRow => {
  const marked = splitMarks<never>(value);
  const { document } = marked;
  const declared = Object.entries(columns).map(([column, { of }]) => [
    column,
    document === undefined ? null : (of(document) ?? null),
  ]);
  return {
    ...place,
    document: JSON.stringify(value),
    deadLetters: listOpenMarks(marked).length,
    isErased: document !== undefined && isErased?.(document) ? 1 : 0,
    ...Object.fromEntries(declared),
  };
};
