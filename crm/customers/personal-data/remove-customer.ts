import type { Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import { type ChangeRequest, type CrmContext, inTransaction, lockForChange } from '../change/change-customer.ts';
import { apiOrigin, type ChangeContext } from '../change/mandate-changes.ts';
import { writeCustomers } from '../change/write-customers.ts';
import type { Customer } from '../customer.ts';
import { requestErasure } from './erasure-job.ts';
import type { Erasures } from './erasures.ts';
import { lockPerson } from './find-person.ts';

/**
 * Deletes the record and revokes the connection. Revision and evidence stay. The sources that are searched by the record's
 * data are erased before this resolves, or after a restart.
 * @returns the revision of the revocation
 * @throws DomainError customer-unknown, version-differs
 */
export const deleteCustomer = async (
  context: CrmContext,
  customerId: string,
  request: ChangeRequest = apiOrigin,
  erasures?: Pick<Erasures, 'complete'>,
): Promise<number> => {
  const revision = await inTransaction(context, async (trx) => {
    const customer = await lockForChange(trx, customerId, request);
    const person = await lockPerson(trx, customerId);
    const revision = await removeCustomer(trx, customer, { ...context, ...request });
    await requestErasure(trx, person, { erasesBytes: false });
    return revision;
  });
  // The deletion is committed, so a failure here does not fail the request; `erasures` retries in the background.
  await erasures?.complete().catch(() => {});
  return revision;
};

/** Removes a customer that the caller has locked in the same transaction. @returns the revision of the revocation */
export const removeCustomer = async (
  trx: Transaction<CrmDatabase>,
  customer: Customer,
  context: ChangeContext,
): Promise<number> => {
  const { revisions } = await writeCustomers(trx, [{ before: customer }], context);
  return revisions.get(customer.connectionId) as number;
};
