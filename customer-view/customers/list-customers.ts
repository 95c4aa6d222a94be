import type { Kysely } from 'kysely';
import { readPage } from '../../packages/database/pages.ts';
import type { Generation } from '../../packages/projections/generations/index.ts';
import { afterCursor, type Cursor, type CustomerViewDatabase } from '../queries/index.ts';
import type { Customer } from './customer.ts';

export const customerSorts = ['customerId', 'name'] as const;
type CustomerSort = (typeof customerSorts)[number];

/** The types of the values in a cursor of the list with this order. */
export const cursorTypesOf = (sort: CustomerSort) =>
  sort === 'name' ? (['string', 'number'] as const) : (['number'] as const);

/** Lists customers that are neither deleted nor erased: such rows have no customerNumber. */
export const listCustomers = async (
  db: Kysely<CustomerViewDatabase>,
  { number }: Generation,
  {
    sort,
    email,
    after,
    limit,
  }: { sort: CustomerSort; email?: string | undefined; after: Cursor | undefined; limit: number },
): Promise<{ items: Customer[]; next: Cursor | undefined }> => {
  const columns = sort === 'name' ? (['nameKey', 'customerNumber'] as const) : (['customerNumber'] as const);
  let query = db
    .selectFrom('customers')
    .select(['document', 'nameKey', 'customerNumber'])
    .where('generation', '=', number)
    .where('customerNumber', 'is not', null);
  if (email !== undefined) query = query.where('email', '=', email);
  if (after !== undefined) query = query.where(afterCursor({ columns, isDescending: false }, after));
  for (const column of columns) query = query.orderBy(column);
  const { items, next } = await readPage(limit, (rows) => query.limit(rows).execute());
  return {
    items: items.map(({ document }) => JSON.parse(document)),
    next: next && [...(sort === 'name' ? [next.nameKey as string] : []), Number(next.customerNumber)],
  };
};
