import type { Kysely, Selectable, Transaction } from 'kysely';
import { parseCustomerId } from '../../contracts/customer-id.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase, CustomerTable } from '../database/index.ts';
import type { Customer } from './customer.ts';

export const toCustomer = ({ customerId, nameKey, cityKey, ...data }: Selectable<CustomerTable>): Customer => ({
  customerId: String(customerId),
  ...data,
});

/** @returns undefined if there is no such customer. Like all functions of this file it also runs within a transaction. */
export const lookUpCustomer = async (db: Kysely<CrmDatabase>, customerId: string): Promise<Customer | undefined> => {
  const number = parseCustomerId(customerId);
  if (number === undefined) return undefined;
  const row = await db.selectFrom('customer').selectAll().where('customerId', '=', number).executeTakeFirst();
  return row && toCustomer(row);
};

/** @throws DomainError customer-unknown */
export const findCustomer = async (db: Kysely<CrmDatabase>, customerId: string): Promise<Customer> =>
  (await lookUpCustomer(db, customerId)) ?? throwUnknownCustomer(customerId);

/**
 * Finds and locks the customer, so that no other transaction changes it before this one ends.
 * @throws DomainError customer-unknown
 */
export const lockCustomer = async (trx: Transaction<CrmDatabase>, customerId: string): Promise<Customer> =>
  (await lockCustomerIfExists(trx, customerId)) ?? throwUnknownCustomer(customerId);

export const lockCustomerIfExists = async (
  trx: Transaction<CrmDatabase>,
  customerId: string,
): Promise<Customer | undefined> => {
  const number = parseCustomerId(customerId);
  if (number === undefined) return undefined;
  const query = trx.selectFrom('customer').selectAll().where('customerId', '=', number);
  const row = await query.forUpdate().executeTakeFirst();
  return row && toCustomer(row);
};

const throwUnknownCustomer = (customerId: string): never => {
  throw new DomainError('customer-unknown', `There is no customer ${customerId.slice(0, 100)}.`);
};

export const findHolder = async (db: Kysely<CrmDatabase>, connectionId: string): Promise<Customer | undefined> => {
  const row = await db.selectFrom('customer').selectAll().where('connectionId', '=', connectionId).executeTakeFirst();
  return row && toCustomer(row);
};

/** Finds the customer of each of these connections. Connections without one are not in the result. */
export const findHolders = async (
  db: Kysely<CrmDatabase>,
  connectionIds: readonly string[],
): Promise<Map<string, number>> => {
  if (connectionIds.length === 0) return new Map();
  const query = db.selectFrom('customer').select(['connectionId', 'customerId']);
  const rows = await query.where('connectionId', 'in', connectionIds).execute();
  return new Map(rows.map(({ connectionId, customerId }) => [connectionId, customerId]));
};

/** The last revision of a connection; undefined if no customer ever had the connection. */
export const revisionOf = async (db: Kysely<CrmDatabase>, connectionId: string): Promise<number | undefined> => {
  const query = db.selectFrom('connection').select('revision').where('connectionId', '=', connectionId);
  const row = await query.executeTakeFirst();
  return row && Number(row.revision);
};

/**
 * Finds and locks the last revisions, in the order of the connection ids, so that two transactions do not deadlock. Connections that no
 * customer ever had are not in the result.
 */
export const lockRevisions = async (
  trx: Transaction<CrmDatabase>,
  connectionIds: readonly string[],
): Promise<Map<string, number>> => {
  if (connectionIds.length === 0) return new Map();
  const query = trx.selectFrom('connection').selectAll().where('connectionId', 'in', connectionIds);
  const rows = await query.orderBy('connectionId').forUpdate().execute();
  return new Map(rows.map(({ connectionId, revision }) => [connectionId, Number(revision)]));
};

/** Finds and locks the customers that exist, in the order of their ids, so that two transactions do not deadlock. */
export const lockCustomers = async (
  trx: Transaction<CrmDatabase>,
  by: 'customerId' | 'connectionId',
  values: readonly string[],
): Promise<Customer[]> => {
  if (values.length === 0) return [];
  const rows = await trx
    .selectFrom('customer')
    .selectAll()
    .where(by, 'in', by === 'customerId' ? values.map(Number) : values)
    .orderBy('customerId')
    .forUpdate()
    .execute();
  return rows.map(toCustomer);
};

/** Lists up to `limit` customers by ascending id, starting after the customer `after`. */
export const listCustomers = async (
  db: Kysely<CrmDatabase>,
  { after, limit }: { after?: string | undefined; limit?: number },
): Promise<Customer[]> => {
  const rows = await db
    .selectFrom('customer')
    .selectAll()
    .$if(after !== undefined, (query) => query.where('customerId', '>', Number(after)))
    .orderBy('customerId')
    .$if(limit !== undefined, (query) => query.limit(limit as number))
    .execute();
  return rows.map(toCustomer);
};
