import type { Kysely } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';

type Db = Kysely<CrmDatabase>;

/** Finds which of these customers were erased. */
export const findErasedCustomers = async (db: Db, customerIds: readonly number[]): Promise<Set<number>> => {
  if (customerIds.length === 0) return new Set();
  const query = db.selectFrom('erasedCustomer').select('customerId').where('customerId', 'in', customerIds);
  return new Set((await query.execute()).map(({ customerId }) => customerId));
};

/** Finds which of these connections an erased customer had, if no customer holds them now. */
export const findConnectionsOfErased = async (db: Db, connectionIds: readonly string[]): Promise<Set<string>> => {
  if (connectionIds.length === 0) return new Set();
  const erased = await db
    .selectFrom('mandateChange')
    .innerJoin('erasedCustomer', 'erasedCustomer.customerId', 'mandateChange.customerId')
    .leftJoin('customer', 'customer.connectionId', 'mandateChange.connectionId')
    .select('mandateChange.connectionId')
    .distinct()
    .where('mandateChange.connectionId', 'in', connectionIds)
    .where('customer.customerId', 'is', null)
    .execute();
  return new Set(erased.map(({ connectionId }) => connectionId));
};
