import type { Transaction } from 'kysely';
import type { CrmDatabase } from '../database/schema.ts';
import { announceMandates, type ChangeOrigin, throughApi } from './announce-mandates.ts';
import { type ChangeRequest, type CustomerChanges, findForChange, inTransaction } from './change-customer.ts';
import { type Customer, mandateChanges } from './customer.ts';
import { revisionOf } from './find-customers.ts';
import { lockPerson } from './personal-data/find-person.ts';
import type { Holdings } from './personal-data/holding.ts';

/**
 * Removes the record and revokes the connection, whose revision and evidence outlive it. Of the holdings it empties those
 * in which nobody would find the person later.
 * @returns the revision of the revocation
 * @throws DomainError customer-unknown, version-differs
 */
export const deleteCustomer = (
  changes: CustomerChanges,
  customerId: string,
  request: ChangeRequest = throughApi,
  holdings: Holdings = {},
): Promise<number> =>
  inTransaction(changes, async (trx) => {
    const customer = await findForChange(trx, customerId, request);
    const person = await lockPerson(trx, customerId);
    const revision = await removeCustomer(trx, customer, { ...changes, ...request });
    for (const { erase, foundByRecord } of Object.values(holdings)) if (foundByRecord) await erase(trx, person);
    return revision;
  });

/** Within the caller's transaction, in which it read the customer. */
export const removeCustomer = async (
  trx: Transaction<CrmDatabase>,
  customer: Customer,
  context: ChangeOrigin & Pick<CustomerChanges, 'now' | 'newId'>,
): Promise<number> => {
  const { customerId, connectionId } = customer;
  await trx.deleteFrom('customer').where('customerId', '=', Number(customerId)).execute();
  await announceMandates(trx, customerId, mandateChanges(customer, undefined), context);
  return (await revisionOf(trx, connectionId)) ?? 0;
};
