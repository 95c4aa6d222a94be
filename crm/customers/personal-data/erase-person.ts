import { appendTombstones } from '../change/append-customer-events.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { keepErasedCustomer } from '../change/former-customers.ts';
import { apiOrigin, type ChangeOrigin } from '../change/mandate-changes.ts';
import { requestErasure } from './erasure-job.ts';
import type { Erasures } from './erasures.ts';
import { lockPerson, readErasureTime } from './find-person.ts';
import { removeCustomer } from './remove-customer.ts';

/** `mandateRevision` is the revision of the revocation, if there was a connection to revoke. */
export type Erasure = { customerId: string; erasedAt: string; mandateRevision: number | undefined };

/**
 * Erases everything that names the person, from all tables and from the bytes of the database file, for a current or a
 * deleted customer. One transaction deletes the record, appends the tombstone for customers-topic and stores a job for the rest. The job is finished when this
 * resolves, or after a restart. It can be repeated, and then also erases data that was added since.
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
    await keepErasedCustomer(trx, person.customerId, erasedAt);
    // The sources have deleted the waiting states, which name the person. A relay may be publishing one now; the tombstone follows it.
    await appendTombstones(trx, [customerId], context);
    if (before === undefined)
      await trx.insertInto('erasedCustomer').values({ customerId: person.customerId, erasedAt }).execute();
    await requestErasure(trx, person, { erasesBytes: true });
    return { customerId, erasedAt: before ?? new Date(erasedAt).toISOString(), mandateRevision };
  });
  await erasures.complete();
  return erasure;
};
