import type { Kysely } from 'kysely';
import type { CrmDatabase } from '../../database/schema.ts';
import { lookUpCustomer } from '../find-customers.ts';
import { findNumber } from '../mandate-history.ts';
import type { Person } from './holding.ts';

/** Of anybody who is, or ever was, a customer. @throws DomainError customer-unknown */
export const findPerson = async (db: Kysely<CrmDatabase>, customerId: string): Promise<Person> => {
  const number = await findNumber(db, customerId);
  const record = await lookUpCustomer(db, customerId);
  const held = await db
    .selectFrom('mandateChange')
    .select('connectionId')
    .distinct()
    .where('customerId', '=', number)
    .execute();
  const connectionIds = new Set(held.map(({ connectionId }) => connectionId));
  if (record) connectionIds.add(record.connectionId);
  return { customerId: number, connectionIds: [...connectionIds], record };
};

/** When the person was erased; undefined where that never happened. */
export const erasureOf = async (db: Kysely<CrmDatabase>, { customerId }: Person): Promise<string | undefined> => {
  const row = await db
    .selectFrom('erasedCustomer')
    .select('erasedAt')
    .where('customerId', '=', customerId)
    .executeTakeFirst();
  return row && new Date(Number(row.erasedAt)).toISOString();
};
