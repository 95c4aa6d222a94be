import type { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import type { CustomerViewDatabase } from '../queries/index.ts';
import { openCustomerViewDatabase } from '../view-database.ts';
import { type OrderFilter, type OrderSort, orderSorts, selectOrderPage } from './list-orders.ts';

const { db } = await openCustomerViewDatabase('memory', createTestRuntime());
const generation = { number: 1 };
const month = { from: '2026-10-01', to: '2026-11-01' };
const filters: OrderFilter[] = [{}, { product: 'p1' }, { status: 'shipped' }, { product: 'p1', status: 'shipped' }];
const others = [...filters, ...filters.map((filter) => ({ ...filter, ...month }))];
const newest: OrderSort[] = ['createdAt', '-createdAt'];

/** How SQLite finds the keys of a page in the middle of the list. */
const explain = async (filter: OrderFilter, sort: OrderSort) => {
  const list = { sort, after: [20, 'k'], rows: 11 };
  const query = selectOrderPage(db as unknown as Kysely<CustomerViewDatabase>, generation, filter, list);
  const compiled = query.compile();
  const { rows } = await db.executeQuery<{ id: number; parent: number; detail: string }>({
    ...compiled,
    sql: `explain query plan ${compiled.sql}`,
  });
  const page = rows.find(({ detail }) => /^(CO-ROUTINE|MATERIALIZE) page$/.test(detail))?.id;
  return rows.filter(({ parent }) => parent === page).map(({ detail }) => detail);
};

it.each(
  others.flatMap((filter) => orderSorts.map((sort) => [sort, filter] as const)),
)('reads a page of one customer from its index in the order %s, without sorting it: %j', async (sort, filter) => {
  const column = sort.replace('-', '');
  const [step = '', ...further] = await explain({ customerId: '7', ...filter }, sort);
  expect(further).toEqual([]);
  expect(step).toContain(`USING COVERING INDEX orders_by_customerId_${column}_key_`);
  expect(step).toMatch(new RegExp(`generation=\\? AND customerId=\\? AND .*${column}[<>]`));
});

it.each(
  others.flatMap((filter) => newest.map((sort) => [sort, filter] as const)),
)('reads a page of all orders from the index of the first filter in the order %s: %j', async (sort, filter) => {
  const [step = '', ...further] = await explain(filter, sort);
  const first = filter.product ? 'productId_' : filter.status ? 'status_' : '';
  expect(further).toEqual([]);
  expect(step).toMatch(
    new RegExp(`USING COVERING INDEX orders_by_${first}createdAt_key(_status)? \\(generation=\\? AND .*createdAt[<>]`),
  );
});
