import type { Transaction } from 'kysely';
import { personsBeingErased } from '../../customers/personal-data/erasure-job.ts';
import type { CrmDatabase, ImportedRowTable } from '../../database/schema.ts';
import { mayTellOf } from './match-person.ts';

type Db = Transaction<CrmDatabase>;

/**
 * Empties the rows about a person who was erased, found by number, or without one by a connection that no customer holds
 * since: a file from before the erasure must not bring a name back. While the rows of a person are being erased, all rows
 * about the person are emptied, for the erasure may have passed their place.
 */
export const withoutErased = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<ImportedRowTable[]> => {
  // Before it looks: an erasure waits for this lock (held-rows.ts), and so finds the rows that this did not empty.
  const jobs = trx.selectFrom('importJob').select('importId');
  await jobs
    .where('importId', 'in', [...new Set(rows.map(({ importId }) => importId))])
    .forUpdate()
    .execute();
  const customers = await erasedCustomers(trx, rows);
  const connections = await connectionsOfErased(trx, rows);
  const isBeingErased = await beingErased(trx, rows);
  return rows.map((row) => {
    const { customerId, connectionId } = row;
    const isErased = customerId !== null ? customers.has(customerId) : connections.has(connectionId ?? '');
    if (!isErased && !isBeingErased(row)) return row;
    return { ...row, cells: '[]', textKey: '', problems: withoutValues(row.problems) };
  });
};

/** Whether a row is about a person whose rows are being erased; mostly there is none. */
const beingErased = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<(row: ImportedRowTable) => boolean> => {
  const persons = await personsBeingErased(trx);
  if (persons.length === 0) return () => false;
  const known = await everCustomers(trx, rows);
  const holders = await holdersOf(trx, rows);
  return (row) => {
    const { customerId, connectionId } = row;
    const pointing = {
      customerId,
      connectionId,
      cells: JSON.parse(row.cells) as string[],
      known: customerId !== null && known.has(customerId) ? customerId : null,
      holder: holders.get(connectionId ?? '') ?? null,
    };
    return persons.some((person) => mayTellOf(pointing, person));
  };
};

const everCustomers = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<Set<number>> => {
  const ids = rows.flatMap(({ customerId }) => customerId ?? []);
  if (ids.length === 0) return new Set();
  const query = trx.selectFrom('mandateChange').select('customerId').distinct().where('customerId', 'in', ids);
  return new Set((await query.execute()).map(({ customerId }) => customerId));
};

const holdersOf = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<Map<string, number>> => {
  const ids = rows.flatMap(({ connectionId }) => connectionId ?? []);
  if (ids.length === 0) return new Map();
  const query = trx.selectFrom('customer').select(['connectionId', 'customerId']).where('connectionId', 'in', ids);
  return new Map((await query.execute()).map(({ connectionId, customerId }) => [connectionId, customerId]));
};

const withoutValues = (problems: string) =>
  JSON.stringify((JSON.parse(problems) as object[]).map((problem) => ({ ...problem, value: '' })));

const erasedCustomers = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<Set<number>> => {
  const ids = rows.flatMap(({ customerId }) => customerId ?? []);
  if (ids.length === 0) return new Set();
  const erased = await trx.selectFrom('erasedCustomer').select('customerId').where('customerId', 'in', ids).execute();
  return new Set(erased.map(({ customerId }) => customerId));
};

const connectionsOfErased = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<Set<string>> => {
  const ids = rows.flatMap(({ customerId, connectionId }) => (customerId === null ? (connectionId ?? []) : []));
  if (ids.length === 0) return new Set();
  const erased = await trx
    .selectFrom('mandateChange')
    .innerJoin('erasedCustomer', 'erasedCustomer.customerId', 'mandateChange.customerId')
    .leftJoin('customer', 'customer.connectionId', 'mandateChange.connectionId')
    .select('mandateChange.connectionId')
    .distinct()
    .where('mandateChange.connectionId', 'in', ids)
    .where('customer.customerId', 'is', null)
    .execute();
  return new Set(erased.map(({ connectionId }) => connectionId));
};
