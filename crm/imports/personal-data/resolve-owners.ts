import type { Kysely } from 'kysely';
import { findHolders, findKnownCustomerIds } from '../../customers/index.ts';
import type { CrmDatabase, ImportedRowTable } from '../../database/index.ts';
import type { RowWithOwners } from './match-person.ts';

type Row = Pick<ImportedRowTable, 'customerId' | 'connectionId' | 'cells'>;

/** Adds to each row the customers that its number and its connection belong to. The order stays. */
export const resolveOwners = async <T extends Row>(
  db: Kysely<CrmDatabase>,
  rows: readonly T[],
): Promise<(Omit<T, 'cells'> & RowWithOwners)[]> => {
  const customerIds = rows.flatMap(({ customerId }) => customerId ?? []);
  const connectionIds = rows.flatMap(({ connectionId }) => connectionId ?? []);
  const knownCustomerIds = await findKnownCustomerIds(db, customerIds);
  const holders = await findHolders(db, connectionIds);
  return rows.map((row) => ({
    ...row,
    cells: JSON.parse(row.cells) as string[],
    knownCustomerId: row.customerId !== null && knownCustomerIds.has(row.customerId) ? row.customerId : null,
    holderId: holders.get(row.connectionId ?? '') ?? null,
  }));
};
