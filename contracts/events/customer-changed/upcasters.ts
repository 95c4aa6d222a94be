import { maxRevision } from '../../cloud-event.ts';
import { customerIdSchema } from '../../customer-id.ts';
import {
  createEventReader,
  type EventContract,
  fromCurrentVersion,
  type ReadEvent,
  type RecordToRead,
  validate,
} from '../../read-event.ts';
import { topics } from '../../topics.ts';
import { type CustomerState, customerChangedSchema, customerChangedType } from './schema.ts';

/** The customer was erased; nothing but the number is known. */
type ErasedCustomer = Pick<CustomerState, 'customerId'> & { readonly isErased: true };

/** A change of one customer, parsed from any version of the event or from a tombstone. */
export type CustomerChanged = ReadEvent<CustomerState | ErasedCustomer>;

const customerChanged: EventContract<CustomerState> = {
  upcasters: {
    [customerChangedType]: (event) => fromCurrentVersion(validate(customerChangedSchema, event), 'customerId'),
  },
  subject: { field: 'customerId', schema: customerIdSchema },
};

const reader = createEventReader(topics.customers.codec, customerChanged);

/** Finds the customer of a record that cannot be read. */
export const findCustomerOfUnreadable = reader.findSubjectOfUnreadable;

/**
 * Parses a record of customers-topic. A record without a value is a tombstone: the customer whose number is the key was erased, and the
 * number is never used again. So the tombstone has the highest revision, and replaces every event in any order of delivery.
 */
export const parseCustomerChange = (record: RecordToRead): CustomerChanged =>
  record.value.length === 0 ? fromTombstone(record) : reader.parse(record);

const fromTombstone = ({ key, timestamp, partition, offset }: RecordToRead): CustomerChanged => ({
  data: { customerId: validate(customerIdSchema, key), isErased: true },
  revision: maxRevision,
  time: new Date(Math.max(0, timestamp)).toISOString(),
  ...(partition !== undefined && offset !== undefined && { place: [partition, offset] }),
});
