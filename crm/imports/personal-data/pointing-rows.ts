import type { Kysely } from 'kysely';
import { findEverCustomers, findHolders } from '../../customers/index.ts';
import type { CrmDatabase, ImportedRowTable } from '../../database/index.ts';
import type { PointingRow } from './match-person.ts';

type Row = Pick<ImportedRowTable, 'customerId' | 'connectionId' | 'cells'>;

/** The rows, in their order, each with the customers to whom its number and its connection belong. */
export const pointRows = async <T extends Row>(
  db: Kysely<CrmDatabase>,
  rows: readonly T[],
): Promise<(Omit<T, 'cells'> & PointingRow)[]> => {
  const customerIds = rows.flatMap(({ customerId }) => customerId ?? []);
  const connectionIds = rows.flatMap(({ connectionId }) => connectionId ?? []);
  const everCustomers = await findEverCustomers(db, customerIds);
  const holders = await findHolders(db, connectionIds);
  return rows.map((row) => ({
    ...row,
    cells: JSON.parse(row.cells) as string[],
    known: row.customerId !== null && everCustomers.has(row.customerId) ? row.customerId : null,
    holder: holders.get(row.connectionId ?? '') ?? null,
  }));
};
