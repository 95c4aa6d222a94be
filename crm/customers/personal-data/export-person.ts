import type { CustomerChanges } from '../change/change-customer.ts';
import { showCustomer } from '../show-customer.ts';
import { erasureOf, findPerson } from './find-person.ts';
import type { PersonalDataSources } from './personal-data-source.ts';

/** What is held on one person: the record, and a list by each place that holds something. */
export type PersonalData = {
  readonly record: object;
  readonly held: Readonly<Record<string, AsyncIterable<readonly unknown[]>>>;
};

/** All that is held on one person; the lists are read as they are asked for. @throws DomainError customer-unknown */
export const exportPerson = async (
  { db, now }: Pick<CustomerChanges, 'db' | 'now'>,
  sources: PersonalDataSources,
  customerId: string,
): Promise<PersonalData> => {
  const person = await findPerson(db, customerId);
  const record = {
    exportedAt: new Date(now()).toISOString(),
    customerId,
    erasedAt: (await erasureOf(db, person)) ?? null,
    customer: person.record ? showCustomer(person.record) : null,
  };
  const held = Object.entries(sources).map(([place, { read }]) => [place, read(db, person)] as const);
  return { record, held: Object.fromEntries(held) };
};
