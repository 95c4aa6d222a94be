import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import type { Customer } from '../customer.ts';
import { lockCustomerIfExists, lookUpCustomer } from '../find-customers.ts';
import { findCustomerNumber } from '../history/mandate-history.ts';
import type { Person } from './personal-data-source.ts';

/** Finds a current, deleted or erased customer with all connections ever held. @throws DomainError customer-unknown */
export const findPerson = async (db: Kysely<CrmDatabase>, customerId: string): Promise<Person> =>
  readPerson(db, await findCustomerNumber(db, customerId), await lookUpCustomer(db, customerId));

/** Finds the person and locks the record until the transaction ends. @throws DomainError customer-unknown */
export const lockPerson = async (trx: Transaction<CrmDatabase>, customerId: string): Promise<Person> =>
  readPerson(trx, await findCustomerNumber(trx, customerId), await lockCustomerIfExists(trx, customerId));

const readPerson = async (
  db: Kysely<CrmDatabase>,
  customerId: number,
  record: Customer | undefined,
): Promise<Person> => {
  const everHeld = await db
    .selectFrom('mandateChange')
    .select('connectionId')
    .distinct()
    .where('customerId', '=', customerId)
    .execute();
  const connectionIds = new Set(everHeld.map(({ connectionId }) => connectionId));
  if (record) connectionIds.add(record.connectionId);
  return { customerId, connectionIds: [...connectionIds], record };
};

/** When the person was erased (ISO 8601); undefined if the person was not. */
export const readErasureTime = async (db: Kysely<CrmDatabase>, { customerId }: Person): Promise<string | undefined> => {
  const row = await db
    .selectFrom('erasedCustomer')
    .select('erasedAt')
    .where('customerId', '=', customerId)
    .executeTakeFirst();
  return row && new Date(Number(row.erasedAt)).toISOString();
};
