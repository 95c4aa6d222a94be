import {
  type CustomerRegistered,
  findRegistrationOfUnreadable,
  parseCustomerRegistration,
} from '../../contracts/events/customer-registered/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import type { Projection } from '../../packages/projections/declaration.ts';

export type Registration = { readonly customerId: string; readonly revision: number; readonly registeredAt: string };

/** The registrations view: when each customer was registered first, with the customerId as key. It keeps erased customers. */
export const registrations: Projection<CustomerRegistered, Registration> = {
  name: 'registrations',
  topic: topics.customerRegistrations,
  deadLetters: topics.customerRegistrations.deadLetters,
  parse: parseCustomerRegistration,
  key: ({ data }) => data.customerId,
  keyOfUnreadable: findRegistrationOfUnreadable,
  evolve: (held, { data, revision, time }) => {
    const registration = { ...data, revision, registeredAt: new Date(time).toISOString() };
    return held && !isEarlier(registration, held) ? held : registration;
  },
  eventStamp: ({ time, revision }) => ({ time, revision }),
  traceparent: ({ traceparent }) => traceparent,
};

/** A customer that was deleted and registered again has several registrations: the first one counts. */
const isEarlier = (one: Registration, other: Registration): boolean =>
  one.revision === other.revision ? one.registeredAt < other.registeredAt : one.revision < other.revision;
