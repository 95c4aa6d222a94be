import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import { readPages } from '../../../packages/database/pages.ts';
import { filterYielding, waitForLargeResponseTurn } from '../../../packages/runtime/yield-to-event-loop.ts';
import type { Person, PersonalDataSource } from '../../customers/index.ts';
import { type CrmDatabase, transact } from '../../database/index.ts';
import { showImportedRow } from '../report/show-import.ts';
import { isCertainMatch, isPossibleMatch } from './match-person.ts';
import { resolveOwners } from './resolve-owners.ts';
import { searchText } from './search-cells.ts';

type Db = Kysely<CrmDatabase>;

/** How many rows one statement scans. It returns at most `rowsPerPage` of them, because a row may have 64 KiB. */
const rowsPerScan = 2_000;
const rowsPerPage = 200;

/** The rows of import reports about a person. An erasure deletes the rows; the counts of the report stay. */
export const importedRows: PersonalDataSource = {
  read: async function* (db, person) {
    for await (const rows of readCandidates(db, person)) {
      const matches = await filterYielding(rows, (row) => isCertainMatch(row, person));
      yield matches.map((row) => ({ importId: row.importId, cells: row.cells, ...showImportedRow(row) }));
    }
  },
  eraseInBatches: async (db, person, stop) => {
    await waitForOpenTransactions(db);
    for await (const rows of readCandidates(db, person)) {
      const matches = await filterYielding(rows, (row) => isPossibleMatch(row, person));
      const [first] = matches;
      if (!first) continue;
      stop?.throwIfAborted();
      const lines = matches.map(({ line }) => line);
      await db.deleteFrom('importedRow').where('importId', '=', first.importId).where('line', 'in', lines).execute();
    }
  },
};

/**
 * Waits for the open transactions of running imports. An import locks its job before it looks for erased persons
 * (`redactErasedPersons`), so each of its transactions either sees the erasure job or has committed when this resolves.
 */
const waitForOpenTransactions = (db: Db): Promise<unknown> =>
  transact(db, (trx) =>
    trx.selectFrom('importJob').select('importId').where('state', 'in', ['waiting', 'running']).forUpdate().execute(),
  );

/** Reads a superset of the rows about the person, because SQL cannot decide exactly. Each page has rows of one report. */
async function* readCandidates(db: Db, person: Person) {
  for (
    let importId = await findNextReport(db, '');
    importId !== undefined;
    importId = await findNextReport(db, importId)
  )
    for (let after = 0, end = 0; ; after = end) {
      end = await findRangeEnd(db, importId, after);
      const range = { importId, after, end };
      yield* readPages<CandidateRow>(rowsPerPage, async (last, limit) => {
        await waitForLargeResponseTurn();
        return readRange(db, person, { ...range, after: last?.line ?? range.after }, limit);
      });
      if (end === Number.MAX_SAFE_INTEGER) break;
    }
}

type CandidateRow = Awaited<ReturnType<typeof readRange>>[number];

const findNextReport = async (db: Db, after: string): Promise<string | undefined> => {
  const query = db.selectFrom('importedRow').select('importId').where('importId', '>', after);
  return (await query.orderBy('importId').limit(1).executeTakeFirst())?.importId;
};

/** Finds the last line of the next `rowsPerScan` rows. */
const findRangeEnd = async (db: Db, importId: string, after: number): Promise<number> => {
  const reportRows = db.selectFrom('importedRow').select('line').where('importId', '=', importId);
  const nextRows = reportRows.where('line', '>', after).orderBy('line');
  return (await nextRows.limit(1).offset(rowsPerScan).executeTakeFirst())?.line ?? Number.MAX_SAFE_INTEGER;
};

const readRange = async (
  db: Db,
  person: Person,
  { importId, after, end }: { importId: string; after: number; end: number },
  limit: number,
) => {
  const rows = await db
    .selectFrom('importedRow')
    .selectAll()
    .where('importId', '=', importId)
    .where('line', '>', after)
    .where('line', '<=', end)
    .where((row) => isCandidate(row, person))
    .orderBy('line')
    .limit(limit)
    .execute();
  return resolveOwners(db, rows);
};

/**
 * A refused row may have a wrong number or connection, or none. So it is also searched by the e-mail address, the phone number
 * or both names of the record, if there is one.
 */
const isCandidate = (
  row: ExpressionBuilder<CrmDatabase, 'importedRow'>,
  { customerId, connectionIds, record }: Person,
) => {
  const containsText = (text: string) => sql<boolean>`instr(${row.ref('textKey')}, ${searchText(text).trimEnd()}) > 0`;
  return row.or([
    row('customerId', '=', customerId),
    ...(connectionIds.length > 0 ? [row('connectionId', 'in', connectionIds)] : []),
    ...(record
      ? [row('textKey', 'is', null), row.and([containsText(record.firstName), containsText(record.lastName)])]
      : []),
    ...[record?.email, record?.phone].flatMap((text) => (text ? [containsText(text)] : [])),
  ]);
};
