import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import { readPages } from '../../../packages/database/pages.ts';
import { filterYielding, waitForLargeResponseTurn } from '../../../packages/runtime/yield-to-event-loop.ts';
import type { Person, PersonalDataSource } from '../../customers/index.ts';
import { type CrmDatabase, foldText, transact } from '../../database/index.ts';
import { showImportedRow } from '../report/show-import.ts';
import { isCertainMatch, isPossibleMatch } from './match-person.ts';
import { resolveOwners } from './resolve-owners.ts';

type Db = Kysely<CrmDatabase>;

/** How many rows one statement looks through, and how many of them it returns: a row may have 64 KiB. */
const rowsPerScan = 2_000;
const rowsPerPage = 200;

/** The rows of import reports about a person: a report loses them, and keeps its counts. */
export const importedRows: PersonalDataSource = {
  read: async function* (db, person) {
    for await (const rows of readCandidates(db, person)) {
      const own = await filterYielding(rows, (row) => isCertainMatch(row, person));
      yield own.map((row) => ({ importId: row.importId, cells: row.cells, ...showImportedRow(row) }));
    }
  },
  eraseInBatches: async (db, person, stop) => {
    await waitForOpenTransactions(db);
    for await (const rows of readCandidates(db, person)) {
      const own = await filterYielding(rows, (row) => isPossibleMatch(row, person));
      const [first] = own;
      if (!first) continue;
      stop?.throwIfAborted();
      const lines = own.map(({ line }) => line);
      await db.deleteFrom('importedRow').where('importId', '=', first.importId).where('line', 'in', lines).execute();
    }
  },
};

/**
 * An import locks its job before it looks for erased persons (`emptyRowsOfErased`). So each of its transactions either sees the
 * request of the erasure, or is committed before this resolves, and its rows are found.
 */
const waitForOpenTransactions = (db: Db): Promise<unknown> =>
  transact(db, (trx) =>
    trx.selectFrom('importJob').select('importId').where('state', 'in', ['waiting', 'running']).forUpdate().execute(),
  );

/** Every row that may be about the person, and more: SQL cannot decide which are. Some at a time, of one report each. */
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

/** The last line of as many rows as one statement looks through. */
const findRangeEnd = async (db: Db, importId: string, after: number): Promise<number> => {
  const ofReport = db.selectFrom('importedRow').select('line').where('importId', '=', importId);
  const behind = ofReport.where('line', '>', after).orderBy('line');
  return (await behind.limit(1).offset(rowsPerScan).executeTakeFirst())?.line ?? Number.MAX_SAFE_INTEGER;
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
 * A refused row may have the wrong number and connection, or none: as long as the record is there it is also known by the
 * e-mail address, the phone number, or both names.
 */
const isCandidate = (
  row: ExpressionBuilder<CrmDatabase, 'importedRow'>,
  { customerId, connectionIds, record }: Person,
) => {
  const containsText = (text: string) => sql<boolean>`instr(${row.ref('textKey')}, ${foldText(text).trimEnd()}) > 0`;
  return row.or([
    row('customerId', '=', customerId),
    ...(connectionIds.length > 0 ? [row('connectionId', 'in', connectionIds)] : []),
    ...(record
      ? [row('textKey', 'is', null), row.and([containsText(record.firstName), containsText(record.lastName)])]
      : []),
    ...[record?.email, record?.phone].flatMap((text) => (text ? [containsText(text)] : [])),
  ]);
};
