import { describe, expect, it } from 'vitest';
import { readPage, readPages } from './pages.ts';

const listOf = (length: number) => Array.from({ length }, (_, n) => n + 1);

/** Rows in ascending order, as a query with `where row > after limit …` returns them; `reads` records the calls. */
const table = (rows: readonly number[]) => {
  const reads: (number | undefined)[] = [];
  const read = async (after: number | undefined, limit: number) => {
    reads.push(after);
    return rows.filter((row) => row > (after ?? 0)).slice(0, limit);
  };
  return { reads, read };
};

describe('a page', () => {
  it.each([
    { rows: 0, items: [], next: undefined },
    { rows: 1, items: [1], next: undefined },
    { rows: 2, items: [1, 2], next: undefined },
    { rows: 3, items: [1, 2], next: 2 },
    { rows: 9, items: [1, 2], next: 2 },
  ])('of two, with $rows rows left, has $items and continues after $next', async ({ rows, items, next }) => {
    const { read } = table(listOf(rows));
    expect(await readPage(2, (limit) => read(undefined, limit))).toEqual({ items, next });
  });
});

describe('a list read by pages of two', () => {
  it.each([
    { rows: 0, pages: [], reads: [undefined] },
    { rows: 1, pages: [[1]], reads: [undefined] },
    { rows: 2, pages: [[1, 2]], reads: [undefined, 2] },
    { rows: 3, pages: [[1, 2], [3]], reads: [undefined, 2] },
  ])('of $rows rows', async ({ rows, pages, reads }) => {
    const numbers = table(listOf(rows));
    const found: number[][] = [];
    for await (const page of readPages(2, numbers.read)) found.push(page);
    expect({ found, reads: numbers.reads }).toEqual({ found: pages, reads });
  });

  it('reads the next page only after the previous one is consumed', async () => {
    const numbers = table(listOf(10));
    for await (const _ of readPages(2, numbers.read)) break;
    expect(numbers.reads).toHaveLength(1);
  });
});
