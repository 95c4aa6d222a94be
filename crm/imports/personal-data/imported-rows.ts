import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import { readPages } from '../../../packages/database/pages.ts';
import { filterInTurns, nextLargeAnswerTurn } from '../../../packages/runtime/take-turns.ts';
import type { Person, PersonalDataSource } from '../../customers/index.ts';
import { type CrmDatabase, foldText, transact } from '../../database/index.ts';
import { showImportedRow } from '../report/show-import.ts';
import { isCertainMatch, isPossibleMatch } from './match-person.ts';
import { pointRows } from './pointing-rows.ts';

type Db = Kysely<CrmDatabase>;

/** How many rows one statement looks through, and how many of them it returns: a row may have 64 KiB. */
const lookThrough = 2_000;
const rowsAtOnce = 200;

/** The rows of import reports about a person: a report loses them, and keeps its counts. */
export const importedRows: PersonalDataSource = {
  read: async function* (db, person) {
    for await (const rows of rowsLike(db, person)) {
      const own = await filterInTurns(rows, (row) => isCertainMatch(row, person));
      yield own.map((row) => ({ importId: row.importId, cells: row.cells, ...showImportedRow(row) }));
    }
  },
  eraseInBatches: async (db, person, stop) => {
    await untilImportsKnow(db);
    for await (const rows of rowsLike(db, person)) {
      const own = await filterInTurns(rows, (row) => isPossibleMatch(row, person));
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
const untilImportsKnow = (db: Db): Promise<unknown> =>
  transact(db, (trx) =>
    trx.selectFrom('importJob').select('importId').where('state', 'in', ['waiting', 'running']).forUpdate().execute(),
  );

/** Every row that may be about the person, and more: SQL cannot decide which are. Some at a time, of one report each. */
async function* rowsLike(db: Db, person: Person) {
  for (let importId = await nextReport(db, ''); importId !== undefined; importId = await nextReport(db, importId))
    for (let after = 0, end = 0; ; after = end) {
      end = await endOfStretch(db, importId, after);
      const stretch = { importId, after, end };
      yield* readPages<StretchRow>(rowsAtOnce, async (last, limit) => {
        await nextLargeAnswerTurn();
        return rowsOfStretch(db, person, { ...stretch, after: last?.line ?? stretch.after }, limit);
      });
      if (end === Number.MAX_SAFE_INTEGER) break;
    }
}

type StretchRow = Awaited<ReturnType<typeof rowsOfStretch>>[number];

const nextReport = async (db: Db, after: string): Promise<string | undefined> => {
  const query = db.selectFrom('importedRow').select('importId').where('importId', '>', after);
  return (await query.orderBy('importId').limit(1).executeTakeFirst())?.importId;
};

/** The last line of as many rows as one statement looks through. */
const endOfStretch = async (db: Db, importId: string, after: number): Promise<number> => {
  const ofReport = db.selectFrom('importedRow').select('line').where('importId', '=', importId);
  const behind = ofReport.where('line', '>', after).orderBy('line');
  return (await behind.limit(1).offset(lookThrough).executeTakeFirst())?.line ?? Number.MAX_SAFE_INTEGER;
};

const rowsOfStretch = async (
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
    .where((row) => isLike(row, person))
    .orderBy('line')
    .limit(limit)
    .execute();
  return pointRows(db, rows);
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
