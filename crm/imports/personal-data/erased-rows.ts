import type { Transaction } from 'kysely';
import { findConnectionsOfErased, findErasedCustomers, listPersonsBeingErased } from '../../customers/index.ts';
import type { CrmDatabase, ImportedRowTable } from '../../database/index.ts';
import { isPossibleMatch, type RowWithOwners } from './match-person.ts';
import { resolveOwners } from './resolve-owners.ts';

type Db = Transaction<CrmDatabase>;

/**
 * Redacts new report rows about erased persons, because a file from before the erasure must not bring personal data back. A
 * row matches by its number or, if it has none, by a connection of the erased person that no customer holds now. While the
 * rows of a person are being erased, every possible match is redacted, because the erasure may have scanned past its line.
 */
export const redactErasedPersons = async (trx: Db, rows: readonly ImportedRowTable[]): Promise<ImportedRowTable[]> => {
  // The lock comes before the reads: an erasure waits for it (imported-rows.ts) and then finds the rows that were not
  // redacted.
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
    return { ...row, cells: '[]', textKey: '', problems: redactValues(row.problems) };
  });
};

/** Finds the rows about persons whose rows are being erased. Usually there are no such persons. */
const findRowsBeingErased = async (
  trx: Db,
  rows: readonly ImportedRowTable[],
): Promise<ReadonlySet<ImportedRowTable>> => {
  const persons = await listPersonsBeingErased(trx);
  if (persons.length === 0) return new Set();
  const withOwners = await resolveOwners(trx, rows);
  return new Set(
    rows.filter((_, n) => persons.some((person) => isPossibleMatch(withOwners[n] as RowWithOwners, person))),
  );
};

const redactValues = (problems: string) =>
  JSON.stringify((JSON.parse(problems) as object[]).map((problem) => ({ ...problem, value: '' })));
