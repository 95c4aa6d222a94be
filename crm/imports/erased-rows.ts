import type { Transaction } from 'kysely';
import type { CrmDatabase, ImportedRowTable } from '../database/schema.ts';

type Db = Transaction<CrmDatabase>;

/**
 * Takes what a row says from those that tell of somebody who was erased, by number, or without one by a connection that
 * nobody holds since: a file from before the erasure must not bring a name back.
 */
export const withoutErased = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<ImportedRowTable[]> => {
  const customers = await erasedCustomers(trx, rows);
  const connections = await connectionsOfErased(trx, rows);
  return rows.map((row) => {
    const { customerId, connectionId } = row;
    const erased = customerId !== null ? customers.has(customerId) : connections.has(connectionId ?? '');
    return erased ? { ...row, cells: '[]', textKey: '', problems: withoutValues(row.problems) } : row;
  });
};

const withoutValues = (problems: string) =>
  JSON.stringify((JSON.parse(problems) as object[]).map((problem) => ({ ...problem, value: '' })));

const erasedCustomers = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<Set<number>> => {
  const ids = rows.flatMap(({ customerId }) => customerId ?? []);
  if (ids.length === 0) return new Set();
  const erased = await trx.selectFrom('erasedCustomer').select('customerId').where('customerId', 'in', ids).execute();
  return new Set(erased.map(({ customerId }) => customerId));
};

const connectionsOfErased = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<Set<string>> => {
  const ids = rows.flatMap(({ customerId, connectionId }) => (customerId === null ? (connectionId ?? []) : []));
  if (ids.length === 0) return new Set();
  const erased = await trx
    .selectFrom('mandateChange')
    .innerJoin('erasedCustomer', 'erasedCustomer.customerId', 'mandateChange.customerId')
    .leftJoin('customer', 'customer.connectionId', 'mandateChange.connectionId')
    .select('mandateChange.connectionId')
    .distinct()
    .where('mandateChange.connectionId', 'in', ids)
    .where('customer.customerId', 'is', null)
    .execute();
  return new Set(erased.map(({ connectionId }) => connectionId));
};
