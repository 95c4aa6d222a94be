import { z } from 'zod';
import { cloudEventSchema, createCloudEvent, type Envelope } from '../../cloud-event.ts';
import { customerIdSchema } from '../../customer-id.ts';

const customerRegistrationSchema = z.object({ customerId: customerIdSchema });
export type CustomerRegistration = z.infer<typeof customerRegistrationSchema>;

export const customerRegisteredType = 'utility.crm.customer-registered.v1';

/** `subject` is the customerId, `time` the registration, `sequence` the revision that the registration gave the customer. */
export const customerRegisteredSchema = cloudEventSchema(customerRegisteredType, {
  subject: customerIdSchema,
  data: customerRegistrationSchema,
});
type CustomerRegisteredEvent = z.infer<typeof customerRegisteredSchema>;

/** Creates the event that the CRM publishes; `envelope.time` is when the customer was registered. */
export const createCustomerRegisteredEvent = (
  data: CustomerRegistration,
  envelope: Envelope,
): CustomerRegisteredEvent =>
  createCloudEvent({ source: '/crm', type: customerRegisteredType, subject: data.customerId, data }, envelope);
