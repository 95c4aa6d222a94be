import type { Insertable, Transaction } from 'kysely';
import type { CrmDatabase, CustomerTable } from '../../database/index.ts';
import { type Customer, type CustomerData, mandateChanges } from '../customer.ts';
import { lockCustomers } from '../find-customers.ts';
import { searchKeys } from '../search-keys.ts';
import { appendMandateEvents, type ChangeContext } from './append-mandate-events.ts';

/** A customer before and after a change. A new one gets its number from the database, unless it brings one. */
export type CustomerWrite =
  | { readonly before?: undefined; readonly after: CustomerData; readonly customerId?: string | undefined }
  | { readonly before: Customer; readonly after: CustomerData }
  | { readonly before: Customer; readonly after?: undefined };

export type WrittenCustomers = {
  /** The number of each customer, in the order of the writes. */
  readonly customerIds: readonly string[];
  /** When they were written, in ms since 1970. */
  readonly writtenAt: number;
  /** The revisions that connections were given; one whose mandate stayed was given none. */
  readonly revisions: ReadonlyMap<string, number>;
};

type Db = Transaction<CrmDatabase>;

/**
 * The one place that writes customers: their rows with version and search keys, and for each mandate that differs its
 * revision, evidence and event. Many are written with a few statements. The caller has locked each `before`, and has
 * checked that the connections are free.
 */
export const writeCustomers = async (
  trx: Db,
  writes: readonly CustomerWrite[],
  context: ChangeContext,
): Promise<WrittenCustomers> => {
  const writtenAt = context.now();
  // Connections become free before they are taken.
  for (const { before, after } of writes) {
    if (before && after) await updateCustomer(trx, before, after, writtenAt);
    else if (before) await deleteCustomer(trx, before);
  }
  const created = writes.flatMap((write) => (write.before ? [] : [write]));
  const numberOf = await insertCustomers(trx, created, writtenAt);
  const customerIds = writes.map((write) => write.before?.customerId ?? numberOf(write as CreatedCustomer));
  const mandates = writes.flatMap(({ before, after }, n) =>
    mandateChanges(before, after).map((mandate) => ({ ...mandate, customerId: Number(customerIds[n]) })),
  );
  return { customerIds, writtenAt, revisions: await appendMandateEvents(trx, mandates, context) };
};

const updateCustomer = (trx: Db, { customerId, version }: Customer, after: CustomerData, updatedAt: number) =>
  trx
    .updateTable('customer')
    .set({ ...after, ...searchKeys(after), updatedAt, version: version + 1 })
    .where('customerId', '=', Number(customerId))
    .execute();

const deleteCustomer = (trx: Db, { customerId }: Customer) =>
  trx.deleteFrom('customer').where('customerId', '=', Number(customerId)).execute();

type CreatedCustomer = Extract<CustomerWrite, { before?: undefined }>;

/** @returns finds the number of each */
const insertCustomers = async (trx: Db, created: readonly CreatedCustomer[], createdAt: number) => {
  const rowOf = ({ after }: CreatedCustomer) => ({
    ...after,
    ...searchKeys(after),
    createdAt,
    updatedAt: createdAt,
    version: 1,
  });
  const numbered = created.flatMap((write) =>
    write.customerId === undefined ? [] : [{ ...rowOf(write), customerId: Number(write.customerId) }],
  );
  const unnumbered = created.filter(({ customerId }) => customerId === undefined).map(rowOf);
  if (numbered.length > 0) await trx.insertInto('customer').values(numbered).execute();
  const given = await insertUnnumbered(trx, unnumbered);
  return ({ customerId, after }: CreatedCustomer): string => customerId ?? (given.get(after.connectionId) as string);
};

/** @returns the number of the customer of each connection; of many rows no database says which number it gave to which */
const insertUnnumbered = async (trx: Db, rows: readonly Insertable<CustomerTable>[]) => {
  const [first, ...others] = rows;
  if (!first) return new Map<string, string>();
  const { insertId } = await trx.insertInto('customer').values(rows).executeTakeFirstOrThrow();
  if (others.length === 0) return new Map([[first.connectionId, String(insertId)]]);
  const connections = rows.map(({ connectionId }) => connectionId);
  const customers = await lockCustomers(trx, 'connectionId', connections);
  return new Map(customers.map(({ connectionId, customerId }) => [connectionId, customerId]));
};
