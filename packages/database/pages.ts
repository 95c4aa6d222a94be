/** A page of a list in key order. `next` is its last row if another page follows, which begins after that row. */
export type Page<Row> = { readonly items: Row[]; readonly next: Row | undefined };

/** @param read reads up to `limit` rows. It is called with one more than the page size, to detect another page. */
export const readPage = async <Row>(limit: number, read: (limit: number) => Promise<Row[]>): Promise<Page<Row>> => {
  const rows = await read(limit + 1);
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1) : undefined };
};

/**
 * Reads a whole list page by page, with one page in memory; no page is empty. Rows that are inserted, deleted or changed between two
 * pages neither repeat nor hide other rows.
 * @param read reads up to `limit` rows after the row `after`
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
