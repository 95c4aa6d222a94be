import { type ExpressionBuilder, type Kysely, sql, type Transaction } from 'kysely';
import { foldText } from '../../lib/fold-text.ts';
import type { Holding, Person } from '../customers/personal-data/holding.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { showImportedRow } from './show-import.ts';
import { mayTellOf, surelyTellsOf } from './tells-of.ts';

/** The rows of import reports that tell of a person: a report loses them, and keeps its counts. */
export const heldImportedRows: Holding = {
  foundByRecord: true,
  read: async (db: Kysely<CrmDatabase>, person: Person) => {
    const rows = (await rowsLike(db, person)).filter((row) => surelyTellsOf(row, person));
    return rows.map((row) => ({ importId: row.importId, cells: row.cells, ...showImportedRow(row) }));
  },
  erase: async (trx: Transaction<CrmDatabase>, person: Person) => {
    const rows = (await rowsLike(trx, person)).filter((row) => mayTellOf(row, person));
    for (const { importId, line } of rows)
      await trx.deleteFrom('importedRow').where('importId', '=', importId).where('line', '=', line).execute();
  },
};

/** Every row that may tell of the person, and more: which does, is not for SQL to say. */
const rowsLike = async (db: Kysely<CrmDatabase>, person: Person) => {
  const rows = await db
    .selectFrom('importedRow')
    .selectAll()
    .select(({ selectFrom }) => [
      selectFrom('mandateChange')
        .select('mandateChange.customerId')
        .whereRef('mandateChange.customerId', '=', 'importedRow.customerId')
        .limit(1)
        .as('known'),
      selectFrom('customer')
        .select('customer.customerId')
        .whereRef('customer.connectionId', '=', 'importedRow.connectionId')
        .as('holder'),
    ])
    .where((row) => isLike(row, person))
    .orderBy('importId')
    .orderBy('line')
    .execute();
  return rows.map((row) => ({ ...row, cells: JSON.parse(row.cells) as string[] }));
};

/**
 * A refused row may have the wrong number and connection, or none: as long as the record is there it is also known by the
 * e-mail address, the phone number, or both names.
 */
const isLike = (row: ExpressionBuilder<CrmDatabase, 'importedRow'>, { customerId, connectionIds, record }: Person) => {
  const has = (text: string) => sql<boolean>`instr(${row.ref('textKey')}, ${foldText(text).trimEnd()}) > 0`;
  return row.or([
    row('customerId', '=', customerId),
    ...(connectionIds.length > 0 ? [row('connectionId', 'in', connectionIds)] : []),
    ...(record ? [row('textKey', 'is', null), row.and([has(record.firstName), has(record.lastName)])] : []),
    ...[record?.email, record?.phone].flatMap((text) => (text ? [has(text)] : [])),
  ]);
};
