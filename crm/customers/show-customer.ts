import type { Customer } from './customer.ts';

/** A customer as the API shows it. */
export const showCustomer = ({ customerId, createdAt, updatedAt, version, ...data }: Customer) => ({
  customerId,
  ...data,
  createdAt: new Date(createdAt).toISOString(),
  updatedAt: new Date(updatedAt).toISOString(),
  version,
});

/** The six fields of the lab, in its order. */
export const showLabCustomer = (customer: Customer) => {
  const { customerId, firstName, lastName, city, connectionId, connectionMandate } = customer;
  return { customerId, firstName, lastName, city, connectionId, connectionMandate };
};
