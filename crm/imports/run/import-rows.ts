import type { CompiledQuery, Transaction } from 'kysely';
import { parseCustomerId } from '../../../contracts/customer-id.ts';
import { type ChangeOrigin, type CustomerWrite, prepareWrites } from '../../customers/index.ts';
import type { CrmDatabase, ImportedRowTable } from '../../database/index.ts';
import type { CheckedRow } from '../check/check-file.ts';
import { type ImportRow, isRefused, type Problem, type RefusedRow, readCell } from '../check/check-row.ts';
import type { Header } from '../check/header.ts';
import type { SeenKeys } from '../check/seen-keys.ts';
import type { ImportJob, ImportOptions } from '../import-job.ts';
import { redactErasedPersons } from '../personal-data/erased-rows.ts';
import { textKeyOf } from '../personal-data/search-cells.ts';
import { createReportBuilder, type ListedCounts, reportLimits } from '../report/report-builder.ts';
import { decideRow } from './decide-row.ts';
import type { ChunkState } from './existing-state.ts';

export type Counts = Record<'created' | 'updated' | 'unchanged' | 'skipped' | 'refused', number> & ListedCounts;

export type RowsContext = ChangeOrigin & {
  readonly importId: string;
  readonly header: Header;
  readonly options: ImportOptions;
  /** In a dry run, the connections that its rows would have freed. */
  readonly freedConnections: SeenKeys | undefined;
  readonly now: () => number;
  readonly newId: () => string;
};

type PreparedRows = {
  /** To add to those of the job. */
  readonly counts: Counts;
  readonly statements: readonly CompiledQuery[];
  /** To be inserted by `insertReport` after the statements of all rows of the transaction. */
  readonly reportRows: readonly ImportedRowTable[];
};

/**
 * Decides on rows of a chunk, whose state is `existing`, and prepares the few statements that write the customers; none in a dry run. If
 * some rows have no customerId, all earlier statements must have succeeded (see `prepareWrites`).
 */
export const prepareRows = async (
  trx: Transaction<CrmDatabase>,
  job: ImportJob,
  step: readonly CheckedRow[],
  existing: ChunkState,
  context: RowsContext,
): Promise<PreparedRows> => {
  const { header, options } = context;
  const counts = { created: 0, updated: 0, unchanged: 0, skipped: 0, refused: 0 };
  const writes: CustomerWrite[] = [];
  const report = createReportBuilder(job);
  const addToReport = (row: ImportRow | RefusedRow, outcome: 'refused' | 'skipped', problems: readonly Problem[]) => {
    counts[outcome]++;
    report.add(outcome, () => reportRow(context, row, outcome, problems));
  };

  for (const { row } of step) {
    if (isRefused(row)) {
      addToReport(row, 'refused', row.problems);
      continue;
    }
    const decision = decideRow(row, header, existing.find(row), options.onConflict);
    existing.apply(row, decision);
    if ('problems' in decision) addToReport(row, decision.outcome, decision.problems);
    else counts[decision.outcome]++;
    if (decision.outcome === 'created') writes.push({ after: decision.data, customerId: row.customerId });
    if (decision.outcome === 'updated') writes.push({ before: decision.before, after: decision.data });
  }
  const { statements } = options.dryRun ? { statements: [] } : await prepareWrites(trx, writes, existing.last, context);
  return { counts: { ...counts, ...report.countListed() }, statements, reportRows: report.rows };
};

/** Inserts rows into the report. Which of them are redacted depends on who holds the connections after the writes of the transaction. */
export const insertReport = async (trx: Transaction<CrmDatabase>, rows: readonly ImportedRowTable[]): Promise<void> => {
  if (rows.length === 0) return;
  const redacted = await redactErasedPersons(trx, rows);
  await trx.insertInto('importedRow').values(redacted).execute();
};

/** A row of the report. It has the customerId and the connectionId if they are valid, so that an erasure finds it. */
const reportRow = (
  { importId, header }: RowsContext,
  row: RefusedRow | ImportRow,
  outcome: 'refused' | 'skipped',
  problems: readonly Problem[],
): ImportedRowTable => {
  const { line, cells } = row;
  const customerId = readCell(row, header, 'customerId');
  const connectionId = readCell(row, header, 'connectionId');
  const shortened = shortenRow(line, cells, problems);
  return {
    importId,
    line,
    outcome,
    customerId: parseCustomerId(customerId) ?? null,
    connectionId: connectionId !== '' && connectionId.length <= 64 ? connectionId : null,
    problems: JSON.stringify(shortened.problems),
    cells: JSON.stringify(shortened.cells),
    textKey: textKeyOf(shortened.cells),
  };
};

/**
 * Keeps only the problem values of a row that is too long for the report. In the file of refused rows it is refused
 * again.
 */
const shortenRow = (line: number, cells: readonly string[], problems: readonly Problem[]) => {
  if (Buffer.byteLength(JSON.stringify(cells)) <= reportLimits.rowBytes) return { cells, problems };
  const reason = `more than ${reportLimits.rowBytes} bytes, which a report does not keep: correct line ${line} of the file`;
  const values = problems.map(({ value }) => value);
  return { cells: ['…', ...values], problems: [...problems, { column: null, value: '', reason }] };
};
