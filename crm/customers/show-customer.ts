import { z } from 'zod';
import { type Customer, customerDataSchema, customerIdSchema } from './customer.ts';

const { firstName, lastName, city, connectionId, connectionMandate, email, phone } = customerDataSchema.shape;

/** The six fields of the lab, in its order. */
export const legacyCustomerSchema = z
  .strictObject({ customerId: customerIdSchema, firstName, lastName, city, connectionId, connectionMandate })
  .meta({ id: 'LabCustomer', description: 'A customer as the lab knows it.' });

// Any text: a customer that cannot be is as unknown as one that is not.
export const customerPath = z.object({ customerId: z.string().meta({ examples: ['7'] }) });

/** A customer as the API shows it. */
export const customerSchema = z
  .strictObject({
    ...legacyCustomerSchema.shape,
    email,
    phone,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    version: z.int().min(1).meta({ description: '1 at first, and one more with each change.' }),
  })
  .meta({ id: 'Customer' });

export const showCustomer = (customer: Customer): z.infer<typeof customerSchema> => ({
  ...showLegacyCustomer(customer),
  email: customer.email,
  phone: customer.phone,
  createdAt: new Date(customer.createdAt).toISOString(),
  updatedAt: new Date(customer.updatedAt).toISOString(),
  version: customer.version,
});

export const showLegacyCustomer = (customer: Customer): z.infer<typeof legacyCustomerSchema> => {
  const { customerId, firstName, lastName, city, connectionId, connectionMandate } = customer;
  return { customerId, firstName, lastName, city, connectionId, connectionMandate };
};
