import { z } from 'zod';
import { customerIdSchema } from '../../contracts/customer-id.ts';
import { customerRecordSchema } from '../../contracts/events/customer-changed/schema.ts';
import type { Customer } from './customer.ts';

const { firstName, lastName, city, connectionId, connectionMandate, email, phone } = customerRecordSchema.shape;

/** The six fields of the original lab, in its order. */
export const legacyCustomerSchema = z
  .strictObject({ customerId: customerIdSchema, firstName, lastName, city, connectionId, connectionMandate })
  .meta({ id: 'LabCustomer', description: 'A customer with the six fields of the legacy routes.' });

// The path accepts any text: a malformed customerId is answered with 404, like an unknown one.
const createCustomerPath = (example: string) => z.object({ customerId: z.string().meta({ examples: [example] }) });
export const customerPath = createCustomerPath('7');
/** The example is the customer whom `POST /customers` registers with its example, so that no one removes a customer of the CSV by chance. */
export const removedCustomerPath = createCustomerPath('9');

/** A customer as the API shows it. */
export const customerSchema = z
  .strictObject({
    ...legacyCustomerSchema.shape,
    email,
    phone,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    version: z
      .int()
      .min(1)
      .meta({ description: 'Starts at 1 and grows by one with each change.', examples: [1] }),
  })
  .meta({ id: 'Customer' });

/** What the API shows of a stored customer. */
export type ShownCustomer = Omit<Customer, 'revision'>;

export const showCustomer = (customer: ShownCustomer): z.infer<typeof customerSchema> => ({
  ...showLegacyCustomer(customer),
  email: customer.email,
  phone: customer.phone,
  createdAt: new Date(customer.createdAt).toISOString(),
  updatedAt: new Date(customer.updatedAt).toISOString(),
  version: customer.version,
});

export const showLegacyCustomer = (customer: ShownCustomer): z.infer<typeof legacyCustomerSchema> => {
  const { customerId, firstName, lastName, city, connectionId, connectionMandate } = customer;
  return { customerId, firstName, lastName, city, connectionId, connectionMandate };
};
