import type { CrmContext } from '../change/change-customer.ts';
import { showCustomer } from '../show-customer.ts';
import { findPerson, readErasureTime } from './find-person.ts';
import type { PersonalDataSources } from './personal-data-source.ts';

/** What is held on one person: the record, and a list by each place that holds something. */
export type PersonalData = {
  readonly record: object;
  readonly lists: Readonly<Record<string, AsyncIterable<readonly unknown[]>>>;
};

/** All that is held on one person; the lists are read as they are asked for. @throws DomainError customer-unknown */
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
