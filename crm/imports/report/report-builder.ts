import type { ImportedRowTable } from '../../database/index.ts';
import type { ImportJob } from '../import-job.ts';

/**
 * What a report keeps, for each outcome by itself: a file of rows that are skipped must not keep the refused ones out.
 * `rows` are listed at most, in at most `bytes`; rows beyond that are only counted. `rowBytes`: of the cells of one row.
 */
export const reportLimits = { rows: 10_000, bytes: 4 * 1024 ** 2, rowBytes: 8 * 1024 };

/** What a transaction adds to a report; the job keeps the sums. */
export type ListedCounts = Record<'listedRefused' | 'listedSkipped' | 'refusedBytes' | 'skippedBytes', number>;

type Outcome = ImportedRowTable['outcome'];

export type ReportBuilder = {
  /** Counts a row; `toRow` is called only where the report may still list it. */
  add(outcome: Outcome, createRow: () => ImportedRowTable): void;
  readonly rows: readonly ImportedRowTable[];
  countListed(): ListedCounts;
};

/**
 * Decides which rows a report lists. Once a row is only counted, so are all that follow with this outcome: then the list is
 * the same wherever the import was killed and continued.
 */
export const createReportBuilder = (job: ImportJob): ReportBuilder => {
  const rows: ImportedRowTable[] = [];
  const quota = {
    refused: { isOpen: job.refused === job.listedRefused, rows: job.listedRefused, bytes: job.refusedBytes },
    skipped: { isOpen: job.skipped === job.listedSkipped, rows: job.listedSkipped, bytes: job.skippedBytes },
  };
  return {
    add: (outcome, toRow) => {
      const used = quota[outcome];
      used.isOpen &&= used.rows < reportLimits.rows;
      if (!used.isOpen) return;
      const row = toRow();
      const bytes = storedBytes(row);
      used.isOpen = used.bytes + bytes <= reportLimits.bytes;
      if (!used.isOpen) return;
      used.rows++;
      used.bytes += bytes;
      rows.push(row);
    },
    rows,
    countListed: () => ({
      listedRefused: quota.refused.rows - job.listedRefused,
      listedSkipped: quota.skipped.rows - job.listedSkipped,
      refusedBytes: quota.refused.bytes - job.refusedBytes,
      skippedBytes: quota.skipped.bytes - job.skippedBytes,
    }),
  };
};

const storedBytes = ({ problems, cells, textKey }: ImportedRowTable): number =>
  Buffer.byteLength(problems) + Buffer.byteLength(cells) + Buffer.byteLength(textKey ?? '');
