import type { Transaction } from 'kysely';
import { findConnectionsOfErased, findErasedCustomers, personsBeingErased } from '../../customers/index.ts';
import type { CrmDatabase, ImportedRowTable } from '../../database/index.ts';
import { isPossibleMatch, type PointingRow } from './match-person.ts';
import { pointRows } from './pointing-rows.ts';

type Db = Transaction<CrmDatabase>;

/**
 * Empties the rows about a person who was erased, found by number, or without one by a connection that no customer holds
 * since: a file from before the erasure must not bring a name back. While the rows of a person are being erased, all rows
 * about the person are emptied, for the erasure may have passed their place.
 */
export const emptyRowsOfErased = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<ImportedRowTable[]> => {
  // Before it looks: an erasure waits for this lock (imported-rows.ts), and so finds the rows that this did not empty.
  const jobs = trx.selectFrom('importJob').select('importId');
  await jobs
    .where('importId', 'in', [...new Set(rows.map(({ importId }) => importId))])
    .forUpdate()
    .execute();
  const customerIds = rows.flatMap(({ customerId }) => customerId ?? []);
  const withoutNumber = rows.filter(({ customerId }) => customerId === null);
  const connectionIds = withoutNumber.flatMap(({ connectionId }) => connectionId ?? []);
  const customers = await findErasedCustomers(trx, customerIds);
  const connections = await findConnectionsOfErased(trx, connectionIds);
  const beingErased = await findRowsBeingErased(trx, rows);
  return rows.map((row) => {
    const { customerId, connectionId } = row;
    const isErased = customerId !== null ? customers.has(customerId) : connections.has(connectionId ?? '');
    if (!isErased && !beingErased.has(row)) return row;
    return { ...row, cells: '[]', textKey: '', problems: withoutValues(row.problems) };
  });
};

/** The rows about persons whose rows are being erased; mostly there are no such persons. */
const findRowsBeingErased = async (
  trx: Db,
  rows: readonly ImportedRowTable[],
): Promise<ReadonlySet<ImportedRowTable>> => {
  const persons = await personsBeingErased(trx);
  if (persons.length === 0) return new Set();
  const pointing = await pointRows(trx, rows);
  return new Set(rows.filter((_, n) => persons.some((person) => isPossibleMatch(pointing[n] as PointingRow, person))));
};

const withoutValues = (problems: string) =>
  JSON.stringify((JSON.parse(problems) as object[]).map((problem) => ({ ...problem, value: '' })));
