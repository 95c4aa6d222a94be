import type { Kysely, Transaction } from 'kysely';
import { DomainError } from '../../lib/domain-error.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { announceMandates, type ChangeOrigin, throughApi } from './announce-mandates.ts';
import { type Customer, type CustomerData, isSameData, mandateChanges } from './customer.ts';
import { findCustomer, findHolder, revisionOf } from './find-customers.ts';

/** What changing a customer needs of the world. */
export type CustomerChanges = {
  readonly db: Kysely<CrmDatabase>;
  readonly now: () => number;
  readonly newId: () => string;
  /** Called after each commit: events may wait in the outbox. */
  readonly committed: () => void;
};

type ChangeContext = Pick<CustomerChanges, 'now' | 'newId'> & ChangeOrigin;

/** `mandateRevision` is that of the customer's connection: a view that has it shows this change, or a later one. */
export type ChangedCustomer = { customer: Customer; mandateRevision: number };

/** @throws DomainError connection-held */
export const registerCustomer = (
  changes: CustomerChanges,
  data: CustomerData,
  origin: ChangeOrigin = throughApi,
): Promise<ChangedCustomer> => inTransaction(changes, (trx) => insertCustomer(trx, data, { ...changes, ...origin }));

/** Replaces the whole record. @throws DomainError customer-unknown, connection-held */
export const replaceCustomer = (
  changes: CustomerChanges,
  customerId: string,
  data: CustomerData,
  origin: ChangeOrigin = throughApi,
): Promise<ChangedCustomer> =>
  inTransaction(changes, async (trx) =>
    updateCustomer(trx, await findCustomer(trx, customerId), data, { ...changes, ...origin }),
  );

/** Within a transaction of the caller's. Without an id the customer gets the next one. */
export const insertCustomer = async (
  trx: Transaction<CrmDatabase>,
  data: CustomerData & { customerId?: string | undefined },
  context: ChangeContext,
): Promise<ChangedCustomer> => {
  await refuseHeldConnection(trx, data);
  const { customerId, ...fields } = data;
  const at = context.now();
  const held = { ...fields, createdAt: at, updatedAt: at, version: 1 };
  const row = customerId === undefined ? held : { ...held, customerId: Number(customerId) };
  const { insertId } = await trx.insertInto('customer').values(row).executeTakeFirstOrThrow();
  const customer = { ...held, customerId: customerId ?? String(insertId) };
  return announced(trx, undefined, customer, context);
};

/** Within the caller's transaction, in which it read `before`. What changes nothing makes no new version. */
export const updateCustomer = async (
  trx: Transaction<CrmDatabase>,
  before: Customer,
  data: CustomerData,
  context: ChangeContext,
): Promise<ChangedCustomer> => {
  const { customerId, createdAt } = before;
  await refuseHeldConnection(trx, data, customerId);
  if (isSameData(before, data)) return announced(trx, before, before, context);
  const held = { ...data, createdAt, updatedAt: context.now(), version: before.version + 1 };
  await trx.updateTable('customer').set(held).where('customerId', '=', Number(customerId)).execute();
  return announced(trx, before, { ...held, customerId }, context);
};

const announced = async (
  trx: Transaction<CrmDatabase>,
  before: Customer | undefined,
  customer: Customer,
  context: ChangeContext,
): Promise<ChangedCustomer> => {
  await announceMandates(trx, customer.customerId, mandateChanges(before, customer), context);
  return { customer, mandateRevision: (await revisionOf(trx, customer.connectionId)) ?? 0 };
};

export const inTransaction = async <T>(
  { db, committed }: CustomerChanges,
  work: (trx: Transaction<CrmDatabase>) => Promise<T>,
): Promise<T> => {
  const result = await db.transaction().execute(work);
  committed();
  return result;
};

const refuseHeldConnection = async (trx: Transaction<CrmDatabase>, { connectionId }: CustomerData, by?: string) => {
  const holder = await findHolder(trx, connectionId);
  if (!holder || holder.customerId === by) return;
  throw new DomainError('connection-held', `Connection ${connectionId} is held by customer ${holder.customerId}.`, {
    errors: [{ field: 'connectionId', expected: 'a connection that no other customer holds', got: connectionId }],
    facts: { holder: holder.customerId },
  });
};
