/** A page of a list in the order of a key, and its last row where another page follows: the next begins behind it. */
export type Page<Row> = { readonly items: Row[]; readonly next: Row | undefined };

/** @param read reads up to so many rows: one more than the page has, for it says whether another page follows */
export const readPage = async <Row>(limit: number, read: (limit: number) => Promise<Row[]>): Promise<Page<Row>> => {
  const rows = await read(limit + 1);
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1) : undefined };
};

/**
 * A whole list, page by page and none of them empty; few rows are in memory, however many there are. What comes, goes or
 * changes between two pages neither repeats nor hides others.
 * @param read reads up to `limit` rows from behind the row `after`
 */
export async function* readPages<Row>(
  limit: number,
  read: (after: Row | undefined, limit: number) => Promise<Row[]>,
): AsyncGenerator<Row[], void> {
  for (let after: Row | undefined; ; ) {
    const rows = await read(after, limit);
    if (rows.length > 0) yield rows;
    if (rows.length < limit) return;
    after = rows.at(-1);
  }
}
