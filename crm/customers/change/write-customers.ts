import type { CompiledQuery, Insertable, Transaction } from 'kysely';
import { type CrmDatabase, type CustomerTable, executeTogether, insertRows } from '../../database/index.ts';
import { insertIntoOutbox } from '../../outbox/index.ts';
import {
  type Customer,
  type CustomerData,
  computeMandateChanges,
  customerFieldNames,
  nextRevision,
} from '../customer.ts';
import { lockCustomers } from '../find-customers.ts';
import { searchKeys } from '../search-keys.ts';
import { createCustomerEvents, type StateToPublish } from './append-customer-events.ts';
import { keepDeletedCustomers, takeFormerRevisions } from './former-customers.ts';
import { type ChangeContext, prepareMandateChanges } from './mandate-changes.ts';

/** A customer before and after a change. The database assigns the number of a new customer, unless the write has one. */
export type CustomerWrite =
  | { readonly before?: undefined; readonly after: CustomerData; readonly customerId?: string | undefined }
  | { readonly before: Customer; readonly after: CustomerData }
  | { readonly before: Customer; readonly after?: undefined };

export type WrittenCustomers = {
  /** The number of each customer, in the order of the writes. */
  readonly customerIds: readonly string[];
  /** The time of the write, in ms since 1970. */
  readonly writtenAt: number;
  /** The new revisions by connection. A connection whose mandate did not change has none. */
  readonly revisions: ReadonlyMap<string, number>;
};

type Db = Transaction<CrmDatabase>;

/**
 * Writes customers; no other function does. It writes their rows with version and search keys, the state of each customer as an
 * event, and the revision, evidence and event of each changed mandate, with few statements for many customers. The caller has
 * locked each `before` and has checked that the connections are free.
 */
export const writeCustomers = async (
  trx: Db,
  writes: readonly CustomerWrite[],
  context: ChangeContext,
): Promise<WrittenCustomers> => {
  const writtenAt = context.now();
  const created = writes.flatMap((write) => (write.before ? [] : [write]));
  const changes = writes.flatMap((write) => (write.before ? [changeRow(trx, write, writtenAt)] : []));
  // They free connections that new customers take.
  if (created.length > 0) await executeTogether(trx, changes.splice(0));
  const find = await insertCustomers(trx, created, writtenAt);
  const states = writes.map((write) => (write.before ? changeState(write, writtenAt) : find(write)));
  const customerIds = states.map(({ customerId }) => customerId);
  const mandates = writes.flatMap(({ before, after }, n) =>
    computeMandateChanges(before, after).map((mandate) => ({ ...mandate, customerId: Number(customerIds[n]) })),
  );
  const { statements, events, revisions } = await prepareMandateChanges(trx, mandates, context);
  const deleted = states.filter(({ record }) => record === null);
  await executeTogether(trx, [
    ...changes,
    ...keepDeletedCustomers(trx, deleted),
    ...statements,
    ...insertIntoOutbox(trx, [...createCustomerEvents(states, context), ...events], writtenAt),
  ]);
  return { customerIds, writtenAt, revisions };
};

type ChangedCustomer = Extract<CustomerWrite, { before: Customer }>;

/** The statement that updates or deletes the row of a customer. */
const changeRow = (trx: Db, write: ChangedCustomer, updatedAt: number): CompiledQuery => {
  const { customerId, version, revision, record } = changeState(write, updatedAt);
  const id = Number(customerId);
  if (record === null) return trx.deleteFrom('customer').where('customerId', '=', id).compile();
  const values = { ...record, ...searchKeys(record), updatedAt, version, revision };
  return trx.updateTable('customer').set(values).where('customerId', '=', id).compile();
};

/** The state of a changed or deleted customer. The customer of an older release may not have been published yet. */
const changeState = ({ before, after }: ChangedCustomer, updatedAt: number): StateToPublish => ({
  customerId: before.customerId,
  version: before.version + 1,
  createdAt: before.createdAt,
  updatedAt,
  revision: nextRevision(before.revision, updatedAt),
  record: after ?? null,
  isFirst: before.revision === 0,
});

type CreatedCustomer = Extract<CustomerWrite, { before?: undefined }>;

/** @returns a function that finds the state of each new customer */
const insertCustomers = async (trx: Db, created: readonly CreatedCustomer[], createdAt: number) => {
  const given = created.flatMap(({ customerId }) => (customerId === undefined ? [] : [Number(customerId)]));
  const formerRevisions = await takeFormerRevisions(trx, given);
  const revisionOf = ({ customerId }: CreatedCustomer) =>
    nextRevision(customerId === undefined ? undefined : formerRevisions.get(Number(customerId)), createdAt);
  const rowOf = (write: CreatedCustomer) => {
    const { firstName, lastName, city, connectionId, connectionMandate, email, phone } = write.after;
    const { nameKey, cityKey } = searchKeys(write.after);
    const stamp = { createdAt, updatedAt: createdAt, version: 1, revision: revisionOf(write) };
    return { firstName, lastName, city, connectionId, connectionMandate, email, phone, nameKey, cityKey, ...stamp };
  };
  const numbered = created.flatMap((write) =>
    write.customerId === undefined ? [] : [{ ...rowOf(write), customerId: Number(write.customerId) }],
  );
  const unnumbered = created.filter(({ customerId }) => customerId === undefined).map(rowOf);
  await executeTogether(trx, insertRows(trx, 'customer', [...columns, 'customerId'], numbered));
  const assigned = await insertUnnumbered(trx, unnumbered);
  return (write: CreatedCustomer): StateToPublish => ({
    customerId: write.customerId ?? (assigned.get(write.after.connectionId) as string),
    version: 1,
    createdAt,
    updatedAt: createdAt,
    revision: revisionOf(write),
    record: write.after,
    isFirst: true,
  });
};

const columns = [...customerFieldNames, 'nameKey', 'cityKey', 'createdAt', 'updatedAt', 'version', 'revision'] as const;

/**
 * @returns the assigned number by connection. It is read back, because an insert of many rows does not return each
 * number.
 */
const insertUnnumbered = async (trx: Db, rows: readonly Required<Omit<Insertable<CustomerTable>, 'customerId'>>[]) => {
  const [first, ...others] = rows;
  if (!first) return new Map<string, string>();
  if (others.length === 0) {
    const { insertId } = await trx.insertInto('customer').values(first).executeTakeFirstOrThrow();
    return new Map([[first.connectionId, String(insertId)]]);
  }
  await executeTogether(trx, insertRows(trx, 'customer', columns, rows));
  const connections = rows.map(({ connectionId }) => connectionId);
  const customers = await lockCustomers(trx, 'connectionId', connections);
  return new Map(customers.map(({ connectionId, customerId }) => [connectionId, customerId]));
};
