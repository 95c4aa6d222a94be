import { apiOrigin, type ChangeOrigin } from '../change/append-mandate-events.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { requestErasure } from './erasure-job.ts';
import type { Erasures } from './erasures.ts';
import { lockPerson, readErasureTime } from './find-person.ts';
import { removeCustomer } from './remove-customer.ts';

/** `mandateRevision`: of the revocation, where there was a connection to revoke. */
export type Erasure = { customerId: string; erasedAt: string; mandateRevision: number | undefined };

/**
 * Leaves nothing that names the person, neither in a table nor in the bytes of the file, whether the customer is still
 * there or was deleted before. One transaction removes the record and says durably what is left to do; it is done when this
 * resolves, or after a restart. May be repeated, and then erases what came since.
 * @throws DomainError customer-unknown, database-in-use
 */
export const erasePerson = async (
  context: CrmContext,
  erasures: Erasures,
  customerId: string,
  origin: ChangeOrigin = apiOrigin,
): Promise<Erasure> => {
  const erasure = await inTransaction(context, async (trx) => {
    const person = await lockPerson(trx, customerId);
    const mandateRevision = person.record && (await removeCustomer(trx, person.record, { ...context, ...origin }));
    for (const { erase } of Object.values(erasures.sources)) await erase?.(trx, person);
    const before = await readErasureTime(trx, person);
    const erasedAt = context.now();
    if (before === undefined)
      await trx.insertInto('erasedCustomer').values({ customerId: person.customerId, erasedAt }).execute();
    await requestErasure(trx, person, { erasesBytes: true });
    return { customerId, erasedAt: before ?? new Date(erasedAt).toISOString(), mandateRevision };
  });
  await erasures.complete();
  return erasure;
};
