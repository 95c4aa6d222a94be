import { z } from 'zod';
import { cloudEventSchema, createCloudEvent, type Envelope } from '../../cloud-event.ts';
import { customerIdSchema } from '../../customer-id.ts';
import { textOf } from '../../text.ts';
import { connectionIdSchema, connectionMandateSchema } from '../connection-mandate-changed/schema.ts';

const textSchema = textOf(100);

/** A customer as events carry it. The rules for what a caller may send are stricter, and older records were stored without them. */
export const customerRecordSchema = z.object({
  firstName: textSchema.meta({ examples: ['Corinne'] }),
  lastName: textSchema.meta({ examples: ['Lopez'] }),
  city: textSchema.meta({ examples: ['Enschede'] }),
  connectionId: connectionIdSchema,
  connectionMandate: connectionMandateSchema,
  email: z
    .string()
    .nullable()
    .meta({ examples: ['corinne@example.org'] }),
  phone: z
    .string()
    .nullable()
    .meta({ examples: ['+31 6 12345678'] }),
});

/** The whole state of a customer; `record` is null after the customer was deleted. */
export const customerStateSchema = z.object({
  customerId: customerIdSchema,
  version: z
    .int()
    .min(1)
    .meta({ description: 'Grows by one with each change of the record.', examples: [1] }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  record: customerRecordSchema.nullable(),
});
export type CustomerState = z.infer<typeof customerStateSchema>;

export const customerChangedType = 'utility.crm.customer-changed.v1';

/** `subject` is the customerId, `sequence` the revision of that customer. */
export const customerChangedSchema = cloudEventSchema(customerChangedType, {
  subject: customerIdSchema,
  data: customerStateSchema,
});
type CustomerChangedEvent = z.infer<typeof customerChangedSchema>;

/** Creates the event that the CRM publishes; `envelope.revision` is the revision of the customer. */
export const createCustomerChangedEvent = (data: CustomerState, envelope: Envelope): CustomerChangedEvent =>
  createCloudEvent({ source: '/crm', type: customerChangedType, subject: data.customerId, data }, envelope);
