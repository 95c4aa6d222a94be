import type { Kysely } from 'kysely';
import type { Generation } from '../../packages/projections/generations/index.ts';
import type { CustomerViewDatabase } from '../queries/index.ts';

const maxMonths = 1_200;

/** Counts the registrations of each month (UTC), from the first one. Deleted and erased customers count. */
export const reportNewCustomers = async (
  db: Kysely<CustomerViewDatabase>,
  { number }: Generation,
): Promise<{ month: string; customers: number }[]> => {
  const rows = await db
    .selectFrom('registrations')
    .select(({ fn }) => ['month', fn.countAll<number>().as('customers')])
    .where('generation', '=', number)
    .where('month', 'is not', null)
    .groupBy('month')
    .orderBy('month')
    .limit(maxMonths)
    .execute();
  return rows.map(({ month, customers }) => ({ month: String(month), customers: Number(customers) }));
};
