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
import { lockCustomers, lockRevisions } from '../find-customers.ts';
import { searchKeys } from '../search-keys.ts';
import { createCustomerEvents, type StateToPublish } from './append-customer-events.ts';
import { keepDeletedCustomers, lockFormerCustomers, removeFormerCustomers } from './former-customers.ts';
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
 * The last revisions that the transaction has locked, of connections, and of former customers by their numbers. `prepareWrites` replaces those
 * of connections by the next ones.
 */
export type LastRevisions = {
  readonly connections: Map<string, number>;
  readonly formerCustomers: ReadonlyMap<number, number>;
};

/** Finds and locks the last revisions of everything that `prepareWrites` may write. */
export const lockLastRevisions = async (
  trx: Db,
  { customerIds, connectionIds }: { customerIds: readonly number[]; connectionIds: readonly string[] },
): Promise<LastRevisions> => {
  const former = await lockFormerCustomers(trx, customerIds);
  return {
    formerCustomers: new Map(former.map(({ customerId, revision }) => [customerId, Number(revision)])),
    connections: await lockRevisions(trx, connectionIds),
  };
};

/**
 * Writes customers. It writes their rows with version and search keys, the state of each customer as an event, and the revision, evidence
 * and event of each changed mandate. The caller has locked each `before` and has checked that the connections are free.
 */
export const writeCustomers = async (
  trx: Db,
  writes: readonly CustomerWrite[],
  context: ChangeContext,
): Promise<WrittenCustomers> => {
  const last = await lockLastRevisions(trx, {
    customerIds: writes.flatMap((write) => givenNumberOf(write) ?? []),
    connectionIds: writes.flatMap(({ before, after }) =>
      computeMandateChanges(before, after).map(({ connectionId }) => connectionId),
    ),
  });
  const { statements, ...written } = await prepareWrites(trx, writes, last, context);
  await executeTogether(trx, statements);
  return written;
};

/**
 * Prepares the few statements of `writeCustomers` for many customers; nothing else writes customers. All that it needs to know is in `last`,
 * so the next writes of the same transaction can be prepared before these statements have run. Only new customers without a number are
 * inserted at once, after all changes, because the database assigns the number: call it then when all earlier statements have succeeded.
 */
export const prepareWrites = async (
  trx: Db,
  writes: readonly CustomerWrite[],
  last: LastRevisions,
  context: ChangeContext,
): Promise<WrittenCustomers & { readonly statements: readonly CompiledQuery[] }> => {
  const writtenAt = context.now();
  const changes = writes.flatMap((write) => (write.before ? [changeRow(trx, write, writtenAt)] : []));
  const created = writes.filter(isCreated);
  const inserted = await insertCustomers(trx, { changes, created, former: last.formerCustomers, createdAt: writtenAt });
  const states = writes.map((write) => (write.before ? changeState(write, writtenAt) : inserted.find(write)));
  const customerIds = states.map(({ customerId }) => customerId);
  const mandates = writes.flatMap(({ before, after }, n) =>
    computeMandateChanges(before, after).map((mandate) => ({ ...mandate, customerId: Number(customerIds[n]) })),
  );
  const { statements, events, revisions } = prepareMandateChanges(trx, mandates, last.connections, context);
  const deleted = states.filter(({ record }) => record === null);
  const outbox = insertIntoOutbox(trx, [...createCustomerEvents(states, context), ...events], writtenAt);
  const all = [...inserted.statements, ...keepDeletedCustomers(trx, deleted), ...statements, ...outbox];
  return { customerIds, writtenAt, revisions, statements: all };
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

const isCreated = (write: CustomerWrite): write is CreatedCustomer => !write.before;

const givenNumberOf = (write: CustomerWrite): number | undefined =>
  isCreated(write) && write.customerId !== undefined ? Number(write.customerId) : undefined;

type Inserts = {
  /** They come first, because they free connections that new customers take. */
  readonly changes: readonly CompiledQuery[];
  readonly created: readonly CreatedCustomer[];
  readonly former: LastRevisions['formerCustomers'];
  readonly createdAt: number;
};

/** @returns the statements of the changes and inserts, none if they have run, and a function that finds the state of each new customer */
const insertCustomers = async (trx: Db, { changes, created, former, createdAt }: Inserts) => {
  const givenNumbers = created.flatMap((write) => givenNumberOf(write) ?? []);
  const revisionOf = (write: CreatedCustomer) => {
    const number = givenNumberOf(write);
    return nextRevision(number === undefined ? undefined : former.get(number), createdAt);
  };
  const rowOf = (write: CreatedCustomer) => {
    const { firstName, lastName, city, connectionId, connectionMandate, email, phone } = write.after;
    const { nameKey, cityKey } = searchKeys(write.after);
    const stamp = { createdAt, updatedAt: createdAt, version: 1, revision: revisionOf(write) };
    return { firstName, lastName, city, connectionId, connectionMandate, email, phone, nameKey, cityKey, ...stamp };
  };
  const numbered = created.flatMap((write) => {
    const customerId = givenNumberOf(write);
    return customerId === undefined ? [] : [{ ...rowOf(write), customerId }];
  });
  const unnumbered = created.filter(({ customerId }) => customerId === undefined).map(rowOf);
  const statements = [
    ...changes,
    ...removeFormerCustomers(
      trx,
      givenNumbers.filter((number) => former.has(number)),
    ),
    ...insertRows(trx, 'customer', [...columns, 'customerId'], numbered),
  ];
  if (unnumbered.length > 0) await executeTogether(trx, statements.splice(0));
  const assigned = await insertUnnumbered(trx, unnumbered);
  const find = (write: CreatedCustomer): StateToPublish => ({
    customerId: write.customerId ?? (assigned.get(write.after.connectionId) as string),
    version: 1,
    createdAt,
    updatedAt: createdAt,
    revision: revisionOf(write),
    record: write.after,
    isFirst: true,
  });
  return { statements, find };
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
