import type { Transaction } from 'kysely';
import { announceAll, type ChangeOrigin, type MandateOfCustomer } from '../customers/change/append-mandate-events.ts';
import { type Customer, type CustomerData, mandateChanges } from '../customers/customer.ts';
import { lockCustomers } from '../customers/find-customers.ts';
import { searchKeys } from '../customers/search-keys.ts';
import type { CrmDatabase } from '../database/schema.ts';

export type CustomerWrites = {
  readonly created: (CustomerData & { customerId: string | undefined })[];
  readonly updated: { before: Customer; data: CustomerData }[];
};

/** Writes customers that were decided upon, their mandates, evidence and events, many to a statement. */
export const writeCustomers = async (
  trx: Transaction<CrmDatabase>,
  { created, updated }: CustomerWrites,
  context: ChangeOrigin & { now: () => number; newId: () => string },
): Promise<void> => {
  const at = context.now();
  for (const { before, data } of updated)
    await trx
      .updateTable('customer')
      .set({ ...data, ...searchKeys(data), updatedAt: at, version: before.version + 1 })
      .where('customerId', '=', Number(before.customerId))
      .execute();
  const numbers = await insertCustomers(trx, created, at);
  const mandates: MandateOfCustomer[] = [
    ...updated.flatMap(({ before, data }) => numbered(Number(before.customerId), mandateChanges(before, data))),
    ...created.flatMap((data) => numbered(numbers(data), mandateChanges(undefined, data))),
  ];
  await announceAll(trx, mandates, context);
};

const numbered = <T extends object>(customerId: number, mandates: readonly T[]) =>
  mandates.map((mandate) => ({ ...mandate, customerId }));

/** Answers the number that each customer has: no database tells those that it gave to many rows. */
const insertCustomers = async (trx: Transaction<CrmDatabase>, created: CustomerWrites['created'], at: number) => {
  const given = new Map<string, number>();
  const unnumbered = created.filter(({ customerId }) => customerId === undefined);
  const held = { createdAt: at, updatedAt: at, version: 1 };
  const rows = created
    .filter(({ customerId }) => customerId !== undefined)
    .map((data) => ({ ...data, ...searchKeys(data), ...held, customerId: Number(data.customerId) }));
  if (rows.length > 0) await trx.insertInto('customer').values(rows).execute();
  if (unnumbered.length > 0) {
    const fresh = unnumbered.map(({ customerId, ...data }) => ({ ...data, ...searchKeys(data), ...held }));
    await trx.insertInto('customer').values(fresh).execute();
    const connections = unnumbered.map(({ connectionId }) => connectionId);
    for (const { connectionId, customerId } of await lockCustomers(trx, 'connectionId', connections))
      given.set(connectionId, Number(customerId));
  }
  return ({ customerId, connectionId }: CustomerWrites['created'][number]): number =>
    customerId === undefined ? (given.get(connectionId) as number) : Number(customerId);
};
