import type { ImportedRowTable } from '../../database/index.ts';
import type { ImportJob } from '../import-job.ts';

/**
 * The limits of a report, for each outcome separately, so that skipped rows do not use up the space of refused ones. At most
 * `rows` rows with at most `bytes` bytes are listed; further rows are only counted. `rowBytes` limits the cells of one row.
 */
export const reportLimits = { rows: 10_000, bytes: 4 * 1024 ** 2, rowBytes: 8 * 1024 };

/** The rows and bytes that a transaction adds to a report. The job has the sums. */
export type ListedCounts = Record<'listedRefused' | 'listedSkipped' | 'refusedBytes' | 'skippedBytes', number>;

type Outcome = ImportedRowTable['outcome'];

export type ReportBuilder = {
  /** Adds a row, unless the report is full. `createRow` is called only if the report may still list the row. */
  add(outcome: Outcome, createRow: () => ImportedRowTable): void;
  readonly rows: readonly ImportedRowTable[];
  countListed(): ListedCounts;
};

/**
 * Decides which rows a report lists. After the first row that is only counted, all later rows with the same outcome are only
 * counted too, so that the list is the same wherever an import was killed and resumed.
 */
export const createReportBuilder = (job: ImportJob): ReportBuilder => {
  const rows: ImportedRowTable[] = [];
  const quota = {
    refused: { isOpen: job.refused === job.listedRefused, rows: job.listedRefused, bytes: job.refusedBytes },
    skipped: { isOpen: job.skipped === job.listedSkipped, rows: job.listedSkipped, bytes: job.skippedBytes },
  };
  return {
    add: (outcome, createRow) => {
      const used = quota[outcome];
      used.isOpen &&= used.rows < reportLimits.rows;
      if (!used.isOpen) return;
      const row = createRow();
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
