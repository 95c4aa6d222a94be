import {
  type CustomerChanged,
  findCustomerOfUnreadable,
  parseCustomerChange,
} from '../../contracts/events/customer-changed/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import { type Customer, classify, evolve } from './customer.ts';

/** The customers view: one document per customer, with the customerId as key. */
export const customers: Projection<CustomerChanged, Customer> = {
  name: 'customers',
  topic: topics.customers,
  deadLetters: topics.customers.deadLetters,
  parse: parseCustomerChange,
  key: ({ data }) => data.customerId,
  keyOfUnreadable: findCustomerOfUnreadable,
  evolve,
  eventStamp: ({ time, revision }) => ({ time, revision }),
  traceparent: ({ traceparent }) => traceparent,
  classify,
};
