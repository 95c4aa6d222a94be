import { type ExpressionBuilder, type Kysely, sql, type Transaction } from 'kysely';
import type { Holding, Person } from '../customers/personal-data/holding.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { showImportedRow } from './show-import.ts';

/** The rows of import reports that tell of a person: a report loses them, and keeps its counts. */
export const heldImportedRows: Holding = {
  read: async (db: Kysely<CrmDatabase>, person: Person) => {
    const query = db
      .selectFrom('importedRow')
      .selectAll()
      .where((row) => tellsOf(row, person));
    const rows = await query.orderBy('importId').orderBy('line').execute();
    return rows.map((row) => ({ importId: row.importId, cells: JSON.parse(row.cells), ...showImportedRow(row) }));
  },
  erase: async (trx: Transaction<CrmDatabase>, person: Person) =>
    void (await trx
      .deleteFrom('importedRow')
      .where((row) => tellsOf(row, person))
      .execute()),
};

/**
 * A refused row may have the wrong number and connection, or none: as long as the record is there it is also known by the
 * e-mail address, the phone number, or both names.
 */
const tellsOf = (row: ExpressionBuilder<CrmDatabase, 'importedRow'>, { customerId, connectionIds, record }: Person) => {
  // As a cell of its own in the row's JSON.
  const has = (text: string) => sql<boolean>`instr(${row.ref('cells')}, ${JSON.stringify(text)}) > 0`;
  return row.or([
    row('customerId', '=', customerId),
    ...(connectionIds.length > 0 ? [row('connectionId', 'in', connectionIds)] : []),
    ...(record ? [row.and([has(record.firstName), has(record.lastName)])] : []),
    ...[record?.email, record?.phone].flatMap((text) => (text ? [has(text)] : [])),
  ]);
};
