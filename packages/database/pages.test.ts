import { describe, expect, it } from 'vitest';
import { readPage, readPages } from './pages.ts';

const listOf = (length: number) => Array.from({ length }, (_, n) => n + 1);

/** Rows by ascending number, as a query with `where row > after limit …` gives them; keeps what it was asked. */
const table = (rows: readonly number[]) => {
  const asked: (number | undefined)[] = [];
  const read = async (after: number | undefined, limit: number) => {
    asked.push(after);
    return rows.filter((row) => row > (after ?? 0)).slice(0, limit);
  };
  return { asked, read };
};

describe('a page', () => {
  it.each([
    { rows: 0, items: [], next: undefined },
    { rows: 1, items: [1], next: undefined },
    { rows: 2, items: [1, 2], next: undefined },
    { rows: 3, items: [1, 2], next: 2 },
    { rows: 9, items: [1, 2], next: 2 },
  ])('of two, where $rows rows are left, has $items and continues behind $next', async ({ rows, items, next }) => {
    const { read } = table(listOf(rows));
    expect(await readPage(2, (limit) => read(undefined, limit))).toEqual({ items, next });
  });
});

describe('a list read by pages of two', () => {
  it.each([
    { rows: 0, pages: [], asked: [undefined] },
    { rows: 1, pages: [[1]], asked: [undefined] },
    { rows: 2, pages: [[1, 2]], asked: [undefined, 2] },
    { rows: 3, pages: [[1, 2], [3]], asked: [undefined, 2] },
  ])('of $rows rows', async ({ rows, pages, asked }) => {
    const numbers = table(listOf(rows));
    const found: number[][] = [];
    for await (const page of readPages(2, numbers.read)) found.push(page);
    expect({ found, asked: numbers.asked }).toEqual({ found: pages, asked });
  });

  it('reads no page before the one before it is used', async () => {
    const numbers = table(listOf(10));
    for await (const _ of readPages(2, numbers.read)) break;
    expect(numbers.asked).toHaveLength(1);
  });
});
