import type { CompiledQuery, Selectable, Transaction } from 'kysely';
import type { CrmDatabase, FormerCustomerTable } from '../../database/index.ts';
import type { StateToPublish } from './append-customer-events.ts';

type Db = Transaction<CrmDatabase>;

/** The statement that keeps the last published state of deleted customers; none without customers. */
export const keepDeletedCustomers = (trx: Db, states: readonly StateToPublish[]): CompiledQuery[] => {
  if (states.length === 0) return [];
  const rows = states.map(({ customerId, revision, version, createdAt, updatedAt }) => ({
    ...{ customerId: Number(customerId), revision, version, createdAt },
    removedAt: updatedAt,
    isRepeated: 0 as const,
  }));
  return [trx.replaceInto('formerCustomer').values(rows).compile()];
};

/** Keeps of an erased customer the number and the time, in ms since 1970. Its last state is a tombstone, which has no revision. */
export const keepErasedCustomer = async (trx: Db, customerId: number, removedAt: number): Promise<void> => {
  const row = { customerId, revision: 0, version: null, createdAt: null, removedAt, isRepeated: 0 } as const;
  await trx.replaceInto('formerCustomer').values(row).execute();
};

/** Finds and locks the last states, in the order of the numbers, so that two transactions do not deadlock. */
export const lockFormerCustomers = async (
  trx: Db,
  customerIds: readonly number[],
): Promise<Selectable<FormerCustomerTable>[]> => {
  if (customerIds.length === 0) return [];
  const query = trx.selectFrom('formerCustomer').selectAll().where('customerId', 'in', customerIds);
  return query.orderBy('customerId').forUpdate().execute();
};

/** The statement that removes the last states of customers that are registered again; none without customers. */
export const removeFormerCustomers = (trx: Db, customerIds: readonly number[]): CompiledQuery[] =>
  customerIds.length === 0 ? [] : [trx.deleteFrom('formerCustomer').where('customerId', 'in', customerIds).compile()];
