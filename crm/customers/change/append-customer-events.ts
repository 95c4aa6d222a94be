import type { Transaction } from 'kysely';
import { createCustomerChangedEvent } from '../../../contracts/events/customer-changed/schema.ts';
import { createCustomerRegisteredEvent } from '../../../contracts/events/customer-registered/schema.ts';
import { topics } from '../../../contracts/topics.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { appendToOutbox, type OutboxEvent } from '../../outbox/index.ts';
import { type Customer, type CustomerData, dataOf } from '../customer.ts';
import type { ChangeContext } from './mandate-changes.ts';

/** The whole state of a customer, with the revision to publish it with. */
export type StateToPublish = Pick<Customer, 'customerId' | 'version' | 'createdAt' | 'updatedAt' | 'revision'> & {
  /** Null for a deleted customer. */
  readonly record: CustomerData | null;
  /** No state of this customer was published before, so its registration is published too. */
  readonly isFirst: boolean;
};

export const stateOf = (customer: Customer, isFirst: boolean): StateToPublish => ({
  ...customer,
  record: dataOf(customer),
  isFirst,
});

type EventContext = Pick<ChangeContext, 'now' | 'newId' | 'traceparent'>;

/**
 * Puts the states into the outbox, in the transaction of the change. The caller has locked each customer, so that the outbox has the
 * states of one customer in the order of their revisions.
 */
export const appendCustomerEvents = async (
  trx: Transaction<CrmDatabase>,
  states: readonly StateToPublish[],
  context: EventContext,
): Promise<void> => {
  await appendToOutbox(trx, createCustomerEvents(states, context), context.now());
};

export const createCustomerEvents = (states: readonly StateToPublish[], context: EventContext): OutboxEvent[] => {
  const changed = states.map((state) => createStateEvent(state, context));
  const registered = states.filter(({ isFirst }) => isFirst).map((state) => createRegistrationEvent(state, context));
  return [...changed, ...registered];
};

const createStateEvent = (state: StateToPublish, { newId, traceparent }: EventContext): OutboxEvent => {
  const { customerId, version, createdAt, updatedAt, revision, record } = state;
  const [created, updated] = [new Date(createdAt), new Date(updatedAt)];
  const data = { customerId, version, createdAt: created.toISOString(), updatedAt: updated.toISOString(), record };
  const event = createCustomerChangedEvent(data, { id: newId(), revision, time: updated, traceparent });
  return { topic: topics.customers, id: event.id, key: customerId, event };
};

const createRegistrationEvent = (state: StateToPublish, { newId, traceparent }: EventContext): OutboxEvent => {
  const { customerId, createdAt, revision } = state;
  const envelope = { id: newId(), revision, time: new Date(createdAt), traceparent };
  const event = createCustomerRegisteredEvent({ customerId }, envelope);
  return { topic: topics.customerRegistrations, id: event.id, key: customerId, event };
};

/** Puts a tombstone for each erased customer into the outbox. The caller has locked the customer, or its last state. */
export const appendTombstones = (
  trx: Transaction<CrmDatabase>,
  customerIds: readonly string[],
  { now, newId }: EventContext,
): Promise<void> => {
  const tombstones = customerIds.map((key) => ({ topic: topics.customers, id: newId(), key, event: undefined }));
  return appendToOutbox(trx, tombstones, now());
};
