import type { CustomerChanges } from '../change-customer.ts';
import { showCustomer } from '../show-customer.ts';
import { erasureOf, findPerson } from './find-person.ts';
import type { Holdings } from './holding.ts';

/** All that is held on one person, by the place that holds it. @throws DomainError customer-unknown */
export const exportPerson = (
  { db, now }: CustomerChanges,
  holdings: Holdings,
  customerId: string,
): Promise<Record<string, unknown>> =>
  db.transaction().execute(async (trx) => {
    const person = await findPerson(trx, customerId);
    const held: Record<string, unknown> = {};
    for (const [place, { read }] of Object.entries(holdings)) held[place] = await read(trx, person);
    return {
      exportedAt: new Date(now()).toISOString(),
      customerId,
      erasedAt: (await erasureOf(trx, person)) ?? null,
      customer: person.record ? showCustomer(person.record) : null,
      ...held,
    };
  });
