import type { Kysely, Transaction } from 'kysely';
import { type ConnectionMandateData, mandateChangedEvent } from '../../contracts/connection-mandate.ts';
import { topics } from '../../contracts/topics.ts';
import { DomainError } from '../../lib/domain-error.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { appendToOutbox, type OutboxEvent } from '../outbox/outbox.ts';
import { type Customer, type CustomerData, mandateChanges, nextRevision } from './customer.ts';
import { findCustomer, findHolder, revisionOf } from './find-customers.ts';

/** What changing a customer needs of the world. */
export type CustomerChanges = {
  readonly db: Kysely<CrmDatabase>;
  readonly now: () => number;
  readonly newId: () => string;
  /** Called after each commit: events may wait in the outbox. */
  readonly committed: () => void;
};

type ChangeContext = Pick<CustomerChanges, 'now' | 'newId'> & { traceparent?: string | undefined };

/** `mandateRevision` is that of the customer's connection: a view that has it shows this change, or a later one. */
export type ChangedCustomer = { customer: Customer; mandateRevision: number };

/** @throws DomainError connection-held */
export const registerCustomer = (
  changes: CustomerChanges,
  data: CustomerData,
  traceparent?: string,
): Promise<ChangedCustomer> => inTransaction(changes, (trx) => insertCustomer(trx, data, { ...changes, traceparent }));

/** Replaces the whole record. @throws DomainError customer-unknown, connection-held */
export const replaceCustomer = (
  changes: CustomerChanges,
  customerId: string,
  data: CustomerData,
  traceparent?: string,
): Promise<ChangedCustomer> =>
  inTransaction(changes, async (trx) => {
    const before = await findCustomer(trx, customerId);
    await refuseHeldConnection(trx, data, customerId);
    await trx.updateTable('customer').set(data).where('customerId', '=', Number(customerId)).execute();
    await announce(trx, mandateChanges(before, data), { ...changes, traceparent });
    return changed(trx, { customerId, ...data });
  });

/** Within a transaction of the caller's. Without an id the customer gets the next one. */
export const insertCustomer = async (
  trx: Transaction<CrmDatabase>,
  data: CustomerData & { customerId?: string | undefined },
  context: ChangeContext,
): Promise<ChangedCustomer> => {
  await refuseHeldConnection(trx, data);
  const { customerId, ...fields } = data;
  const row = customerId === undefined ? fields : { ...fields, customerId: Number(customerId) };
  const { insertId } = await trx.insertInto('customer').values(row).executeTakeFirstOrThrow();
  await announce(trx, mandateChanges(undefined, data), context);
  return changed(trx, { customerId: String(insertId), ...fields });
};

const changed = async (trx: Transaction<CrmDatabase>, customer: Customer): Promise<ChangedCustomer> => ({
  customer,
  mandateRevision: (await revisionOf(trx, customer.connectionId)) ?? 0,
});

export const inTransaction = async <T>(
  { db, committed }: CustomerChanges,
  work: (trx: Transaction<CrmDatabase>) => Promise<T>,
): Promise<T> => {
  const result = await db.transaction().execute(work);
  committed();
  return result;
};

const refuseHeldConnection = async (trx: Transaction<CrmDatabase>, { connectionId }: CustomerData, by?: string) => {
  const holder = await findHolder(trx, connectionId);
  if (!holder || holder.customerId === by) return;
  throw new DomainError('connection-held', `Connection ${connectionId} is held by customer ${holder.customerId}.`, {
    errors: [{ field: 'connectionId', expected: 'a connection that no other customer holds', got: connectionId }],
    facts: { holder: holder.customerId },
  });
};

const announce = async (
  trx: Transaction<CrmDatabase>,
  changes: readonly ConnectionMandateData[],
  { now, newId, traceparent }: ChangeContext,
) => {
  const at = now();
  const events: OutboxEvent[] = [];
  for (const change of changes) {
    const revision = await raiseRevision(trx, change.connectionId, at);
    const event = mandateChangedEvent(change, { id: newId(), revision, time: new Date(at), traceparent });
    events.push({ topic: topics.connectionMandates, id: event.id, key: change.connectionId, event });
  }
  await appendToOutbox(trx, events, at);
};

const raiseRevision = async (trx: Transaction<CrmDatabase>, connectionId: string, now: number): Promise<number> => {
  const known = await revisionOf(trx, connectionId);
  const revision = nextRevision(known, now);
  await (known === undefined
    ? trx.insertInto('connection').values({ connectionId, revision }).execute()
    : trx.updateTable('connection').set({ revision }).where('connectionId', '=', connectionId).execute());
  return revision;
};
