import { formatCsvLine } from '../../../packages/csv/write-csv.ts';
import { readPages } from '../../../packages/database/pages.ts';
import { waitForLargeResponseTurn } from '../../../packages/runtime/yield-to-event-loop.ts';
import type { CrmContext } from '../../customers/index.ts';
import type { Problem } from '../check/check-row.ts';
import { reasonColumn } from '../column-names.ts';
import { type ImportedRow, type ImportJob, listImportedRows } from '../import-job.ts';

/** Pages are small, because a row may have 64 KiB. */
const rowsPerPage = 200;

/**
 * Yields the refused rows of an import as a CSV file. The reason is the first column, so that extra cells of a row do not
 * shift it. A user corrects the file and imports it; a row that was not corrected is refused again.
 */
export async function* streamRefusedCsv(
  db: CrmContext['db'],
  { importId, columns, encoding }: ImportJob,
): AsyncGenerator<string> {
  const header = JSON.parse(columns) as string[];
  const reasonIndex = header.indexOf(reasonColumn);
  const withoutReason = (cells: string[]) => (reasonIndex < 0 ? cells : cells.toSpliced(reasonIndex, 1));
  // The file is UTF-8. Its byte order mark wins if it is imported with the encoding that was declared for the first file.
  if (encoding !== null) yield '\uFEFF';
  yield formatCsvLine([reasonColumn, ...withoutReason(header)]);
  const pages = readPages<ImportedRow>(rowsPerPage, async (after, limit) => {
    await waitForLargeResponseTurn();
    return listImportedRows(db, importId, { after: after?.line ?? 0, limit, outcome: 'refused' });
  });
  for await (const rows of pages) {
    const lines = rows.map((row) => {
      const problems = JSON.parse(row.problems) as Problem[];
      const cells = JSON.parse(row.cells) as string[];
      return formatCsvLine([
        formatReason(problems),
        ...(areProblemsVisible(problems, cells, header) ? withoutReason(cells) : [withoutReason(cells).join(',')]),
      ]);
    });
    yield lines.join('');
  }
}

/**
 * Whether the cells still show the problem of a row. Wrong quotes or bytes of a whole row are not visible in its parsed
 * cells, which would then be accepted. Such a row is written as a single cell, so that it is refused again.
 */
const areProblemsVisible = (problems: readonly Problem[], cells: string[], header: string[]): boolean =>
  problems.every(({ column }) => column !== null) || cells.slice(header.length).some((cell) => cell !== '');

const formatReason = (problems: readonly Problem[]): string =>
  problems.map(({ column, reason }) => (column === null ? reason : `${column}: ${reason}`)).join('; ');
