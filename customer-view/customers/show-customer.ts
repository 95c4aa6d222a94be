import { z } from 'zod';
import { customerStateSchema } from '../../contracts/events/customer-changed/schema.ts';
import type { Customer } from './customer.ts';

const { customerId, version, createdAt, updatedAt, record } = customerStateSchema.shape;

/** A customer as the API shows it. */
export const customerSchema = z
  .object({ customerId, ...record.unwrap().shape, createdAt, updatedAt, version })
  .meta({ id: 'Customer' });

/** Undefined for a deleted or erased customer. */
export const showCustomer = (customer: Customer | undefined): z.infer<typeof customerSchema> | undefined => {
  if (!customer || !('record' in customer) || customer.record === null) return undefined;
  const { customerId, record, createdAt, updatedAt, version } = customer;
  return { customerId, ...record, createdAt, updatedAt, version };
};
