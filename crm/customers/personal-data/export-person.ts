import type { CrmContext } from '../change/change-customer.ts';
import { showCustomer } from '../show-customer.ts';
import { findPerson, readErasureTime } from './find-person.ts';
import type { PersonalDataSources } from './personal-data-source.ts';

/** The personal data of one person: the record, and one list for each other place that stores some. */
export type PersonalData = {
  readonly record: object;
  readonly lists: Readonly<Record<string, AsyncIterable<readonly unknown[]>>>;
};

/**
 * Exports all personal data of one person. The lists are read while the caller iterates.
 * @throws DomainError customer-unknown
 */
export const exportPerson = async (
  { db, now }: Pick<CrmContext, 'db' | 'now'>,
  sources: PersonalDataSources,
  customerId: string,
): Promise<PersonalData> => {
  const person = await findPerson(db, customerId);
  const record = {
    exportedAt: new Date(now()).toISOString(),
    customerId,
    erasedAt: (await readErasureTime(db, person)) ?? null,
    customer: person.record ? showCustomer(person.record) : null,
  };
  const held = Object.entries(sources).map(([place, { read }]) => [place, read(db, person)] as const);
  return { record, lists: Object.fromEntries(held) };
};
