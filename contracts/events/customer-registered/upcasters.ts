import { customerIdSchema } from '../../customer-id.ts';
import {
  createEventReader,
  type EventContract,
  fromCurrentVersion,
  type ReadEvent,
  validate,
} from '../../read-event.ts';
import { topics } from '../../topics.ts';
import { type CustomerRegistration, customerRegisteredSchema, customerRegisteredType } from './schema.ts';

/** A registration, parsed from any version of the event. */
export type CustomerRegistered = ReadEvent<CustomerRegistration>;

const customerRegistered: EventContract<CustomerRegistration> = {
  upcasters: {
    [customerRegisteredType]: (event) => fromCurrentVersion(validate(customerRegisteredSchema, event), 'customerId'),
  },
  subject: { field: 'customerId', schema: customerIdSchema },
};

/** Parses the events of customer-registrations-topic. */
export const { parse: parseCustomerRegistration, findSubjectOfUnreadable: findRegistrationOfUnreadable } =
  createEventReader(topics.customerRegistrations.codec, customerRegistered);
